"""The variables of an OPC UA server as a list of points, to be pasted into gateway.yaml."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.ua.object_ids import ObjectIds

from ..mapping import COUNTERS, Reports, value_key
from ..opcua_config import OpcUaConfig
from ..presets import packml, words
from .connection import connection
from .data_value import NotScalarError, scalar
from .node_ids import to_text

MAX_DEPTH = 20
_WORDS = {Reports.REASON: ('reason', 'alarm', 'fault', 'message'), Reports.REJECT: ('reject', 'scrap', 'defect'),
          Reports.GOOD: ('good', 'part', 'piece', 'produced'), Reports.CYCLES: ('cycle', 'stroke')}
"""What the name of a variable has that probably reports this."""
_OF_SERVER = ua.NodeId.from_string(f'i={ObjectIds.Server}')


@dataclass(frozen=True, slots=True)
class BrowsedVariable:
    """A variable. node: its id as text. path: names from Objects on; the last is its own. value: as it is now."""

    node: str
    path: tuple[str, ...]
    type: str
    value: object


async def browse(config: OpcUaConfig, password: str | None) -> list[BrowsedVariable]:
    """All variables with a single value, in the order of the server.

    :raises SourceError: the certificates do not allow a connection, or the server does not offer what is wanted
    """
    async with connection(config, password) as client:
        namespaces = await client.get_namespace_array()
        return [each async for each in _below(client, client.get_objects_node(), (), namespaces, set())]


def point_list(variables: list[BrowsedVariable]) -> Iterator[str]:
    """Lines of YAML, to be pasted below the other keys of a source."""
    yield '    points:'
    for each in variables:
        yield f'      # {" / ".join(each.path)}: {each.type}, now {json.dumps(each.value, ensure_ascii=False)}'
        machine = each.path[-2] if len(each.path) > 1 else each.path[-1]
        yield f'      - node: {_text(each.node)}'
        yield f'        machine: {_text(machine)}'
        reports = _guess(each)
        if reports is not Reports.STATUS:
            yield f'        reports: {reports}'
        elif hint := _hint(each):
            yield f'        # {hint}'


def _hint(variable: BrowsedVariable) -> str:
    """What gives its values a meaning, to be completed."""
    value = variable.value
    is_packml = isinstance(value, str) and packml(value_key(value)) and not words(value_key(value))
    if is_packml or _PACKML_TAG in variable.path[-1].lower():
        return 'preset: packml'
    return next((hint for kind, hint in _HINTS.items() if isinstance(value, kind)), '')


_PACKML_TAG = 'statecurrent'
_HINTS: dict[type, str] = {
    bool: 'preset: on_off', int: 'values: {1: operational, 2: warning, 3: down}',
    float: 'ranges: [{below: 1, status: down}, {from: 1, status: operational}]',
    str: 'values: {Running: operational, Waiting: warning, Fault: down}'}


async def _below(client: Client, node: Node, path: tuple[str, ...], namespaces: list[str],
                 seen: set[ua.NodeId]) -> AsyncIterator[BrowsedVariable]:
    if len(path) >= MAX_DEPTH:
        return
    for child in await node.get_references(ObjectIds.HierarchicalReferences, ua.BrowseDirection.Forward):
        if child.NodeClass not in (ua.NodeClass.Object, ua.NodeClass.Variable):
            continue
        is_variable = child.NodeClass is ua.NodeClass.Variable
        is_standard = child.NodeId.NamespaceIndex == 0
        if child.NodeId in seen or child.NodeId == _OF_SERVER or (is_variable and is_standard):
            continue
        seen.add(child.NodeId)
        name = (*path, str(child.DisplayName.Text or child.BrowseName.Name))
        found = client.get_node(child.NodeId)
        if is_variable:
            variable = await _variable(found, name, namespaces)
            if variable is not None:
                yield variable
        else:
            async for each in _below(client, found, name, namespaces, seen):
                yield each


async def _variable(node: Node, path: tuple[str, ...], namespaces: list[str]) -> BrowsedVariable | None:
    data = await node.read_data_value(raise_on_bad_status=False)
    try:
        value = scalar(data.Value)
    except NotScalarError:
        return None
    kind = '' if data.Value is None else data.Value.VariantType.name
    return BrowsedVariable(to_text(node.nodeid, namespaces), path, kind, value)


def _guess(variable: BrowsedVariable) -> Reports:
    name, is_whole = variable.path[-1].lower(), isinstance(variable.value, int)
    return next((reports for reports, parts in _WORDS.items() if any(part in name for part in parts)
                 and (is_whole or reports not in COUNTERS)), Reports.STATUS)


def _text(text: str) -> str:
    """As a scalar of YAML, of which JSON is a part."""
    return json.dumps(text, ensure_ascii=False)
