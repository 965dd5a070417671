"""The Protocol Buffers messages of Sparkplug B, built from the field numbers of its specification.

Source: Eclipse Sparkplug Specification 3.0.0, section 6.4 (Sparkplug B payload definition). Only the fields that are
read or written here are defined; Protocol Buffers skip the others. The pool is our own, so that another library may
define messages of the same names.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = 'line_monitor.sparkplug'
_ONE, _MANY = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL, descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED

_MESSAGES: dict[str, list[tuple[int, str, str]]] = {
    'Payload': [(1, 'timestamp', 'uint64'), (2, 'metrics', 'many Metric'), (3, 'seq', 'uint64')],
    'Metric': [
        (1, 'name', 'string'), (2, 'alias', 'uint64'), (3, 'timestamp', 'uint64'), (4, 'datatype', 'uint32'),
        (5, 'is_historical', 'bool'), (7, 'is_null', 'bool'),
        (9, 'properties', 'PropertySet'), (10, 'int_value', 'value uint32'), (11, 'long_value', 'value uint64'),
        (12, 'float_value', 'value float'), (13, 'double_value', 'value double'), (14, 'boolean_value', 'value bool'),
        (15, 'string_value', 'value string'), (18, 'template_value', 'value Template'),
    ],
    'PropertySet': [(1, 'keys', 'many string'), (2, 'values', 'many PropertyValue')],
    'PropertyValue': [(1, 'type', 'uint32'), (2, 'is_null', 'bool'), (3, 'int_value', 'value uint32'),
                      (4, 'long_value', 'value uint64')],
    'Template': [(2, 'metrics', 'many Metric'), (5, 'is_definition', 'bool')],
}
"""The fields of each message: number, name, type; 'many' repeats, 'value' belongs to the oneof of that name."""


def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name='line_monitor/sparkplug.proto', package=_PACKAGE, syntax='proto2')
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if any(kind.startswith('value ') for _, _, kind in fields):
            message.oneof_decl.add(name='value')
        for number, field_name, kind in fields:
            modifier, _, scalar = kind.rpartition(' ')
            field = message.field.add(name=field_name, number=number, label=_MANY if modifier == 'many' else _ONE)
            if scalar in _MESSAGES:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
                field.type_name = f'.{_PACKAGE}.{scalar}'
            else:
                field.type = descriptor_pb2.FieldDescriptorProto.Type.Value(f'TYPE_{scalar.upper()}')
            if modifier == 'value':
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f'{_PACKAGE}.Payload'))


PayloadMessage = _payload_class()
