"""YAML that is checked by a model: errors have line and column, and say what is allowed there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scanner import RoundTripScanner, ScannerError

from ..core.formatting import number
from .errors import GatewayConfigError
from .mapping import value_key
from .strict import UNKNOWN_KEY, OddNumber, nearest, shortened
from .yaml_problems import Place, explain

Model = TypeVar('Model', bound=BaseModel)
Path = tuple[str, ...]
"""Keys and numbers of items, as value_key writes them."""
MAX_FAULTS = 10
MAX_DEPTH = 30
"""Levels of brackets and indentation; gateway.yaml has fewer than 10. The time to read them grows with their square."""


class FlatScanner(RoundTripScanner):
    """Refuses a text at the place where it becomes too deep, without reading on."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:
        """A bracket."""
        self._check_depth(1)
        super().fetch_flow_collection_start(TokenClass, to_push)

    def add_indent(self, column: int) -> bool:
        """Whether the indentation has grown."""
        is_deeper = super().add_indent(column)
        self._check_depth(0)
        return is_deeper

    def _check_depth(self, more: int) -> None:
        if len(self.flow_context) + len(self.indents) + more > MAX_DEPTH:
            raise ScannerError(problem=f'at most {MAX_DEPTH} levels of brackets and indentation are read',
                               problem_mark=self.reader.get_mark())


UNREADABLE = 'this is not YAML that can be read'
MAX_BITS = 1_000
"""Of a number: the largest float has 1,024."""
FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What ruamel.yaml raises of a value that does not fit its tag, such as !!bool maybe."""


class UnreadableError(ValueError):
    """A value that is YAML, but cannot be used."""

    def __init__(self, problem: str, place: Place = (1, 1)) -> None:
        super().__init__(problem)
        self.place = place


class KnownTagConstructor(RoundTripConstructor):
    """Refuses unknown tags, gives values that do not fit their tag a place, and keeps how odd numbers are written."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node."""
        if node.tag not in self.yaml_constructors:
            tag = shortened(node.tag.replace('tag:yaml.org,2002:', '!!'))
            raise ConstructorError(problem=f'there is no tag {tag}', problem_mark=node.start_mark)
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MAX_BITS:
                return value if str(int(value)) == node.value else OddNumber(value, node.value)
            return value
        except FAULTS as error:
            raise ConstructorError(problem=UNREADABLE, problem_mark=node.start_mark) from error


@dataclass(frozen=True, slots=True)
class YamlText:
    """A text as plain Python, with the place of each key and item by its path. file: its name; empty: it is none."""

    file: str
    value: Any
    places: Mapping[Path, Place]

    def check(self, model: type[Model], path: Path = (), context: Mapping[str, Any] | None = None) -> Model:
        """What is at a path, as a model of it.

        :raises GatewayConfigError: a line for each thing that is wrong, with its place in the text
        """
        value = self.value
        for step in path:
            value = value[int(step) if isinstance(value, list) else step]
        if not isinstance(value, dict):
            keys = ', '.join(field.alias or name for name, field in model.model_fields.items())
            raise self.error(f'there are no keys here. Allowed: {keys}', path)
        try:
            return model.model_validate(value, context=context)
        except ValidationError as error:
            faults = [each for each in error.errors(include_url=False)
                      if each['type'] != 'too_short' or not each['input']]
            raise GatewayConfigError('\n'.join(self._sentence(path, each) for each in faults[:MAX_FAULTS])) from error

    def error(self, problem: str, path: Path = ()) -> GatewayConfigError:
        """Something that is wrong at a path."""
        return GatewayConfigError(f'{_where(self.file, self.places[path])}: {problem}')

    def _sentence(self, start: Path, fault: Any) -> str:
        """'gateway.yaml:7:5: sources.0.host: ...'."""
        path = self._in_text(start, fault['loc'])
        key = fault.get('ctx', {}).get('key') if fault['type'] == UNKNOWN_KEY else None
        place = self.places.get((*path, value_key(key)), self.places[path])
        where = '.'.join(shortened(step) for step in path[len(start):])
        return f'{_where(self.file, place)}: {where}{": " if where else ""}{_problem(fault)}'

    def _in_text(self, path: Path, location: tuple[Any, ...]) -> Path:
        """The longest part of pydantic's location that is in the text: it also names the kinds of a union."""
        for step in location:
            if (*path, value_key(step)) in self.places:
                path = (*path, value_key(step))
        return path


def read_yaml(text: str, file: str = '') -> YamlText:
    """The parsed text. file: its name, for errors; empty: it is not of a file.

    :raises GatewayConfigError: it is not YAML
    """
    places: dict[Path, Place] = {}
    yaml = YAML(typ='rt')
    yaml.Scanner, yaml.Constructor = FlatScanner, KnownTagConstructor
    try:
        return YamlText(file, _plain(yaml.load(text), (), (1, 1), places, len(text)), places)
    except MarkedYAMLError as error:
        place, problem = explain(error, text)
        raise GatewayConfigError(f'{_where(file, place)}: {problem}') from error
    except UnreadableError as error:
        raise GatewayConfigError(f'{_where(file, error.place)}: {error}') from error
    except (YAMLError, RecursionError, *FAULTS) as error:
        raise GatewayConfigError(f'{_where(file, (1, 1))}: {UNREADABLE}') from error


def _plain(node: Any, path: Path, place: Place, places: dict[Path, Place], most: int) -> Any:
    """The node as plain Python. places: gets its place and those below it. most: without aliases, a text has no more
    nodes than characters."""
    places[path] = place
    if len(places) > most + 1:
        raise UnreadableError('aliases make more of it than of any text without them')
    if isinstance(node, dict):
        plain: dict[Any, Any] = {}
        for key, each in node.items():
            at = _place_of(node, key, place)
            if isinstance(key, tuple | Mapping):
                raise UnreadableError('write a text or a number as a key', at)
            plain[_scalar(key, at)] = _plain(each, (*path, value_key(_scalar(key, at))), at, places, most)
        return plain
    if isinstance(node, list):
        return [_plain(each, (*path, str(index)), _place_of(node, index, place), places, most)
                for index, each in enumerate(node)]
    return _scalar(node, place)


def _place_of(node: Any, key: Any, place: Place) -> Place:
    """Of a key or an item of a node that has a place. A key that << merges in has that of the node."""
    lines = getattr(node, 'lc', None)  # !!pairs has none
    line, column = ((lines and lines.data) or {}).get(key, (place[0] - 1, place[1] - 1))[:2]
    return line + 1, column + 1


def _scalar(value: Any, place: Place) -> Any:
    """A scalar of ruamel.yaml, such as ScalarFloat, as Python's."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise UnreadableError('this number is too large', place)
    if isinstance(value, OddNumber):
        return value
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)


def _where(file: str, place: Place) -> str:
    return f'{file}:{place[0]}:{place[1]}' if file else f'Line {place[0]}, column {place[1]}'


def _problem(fault: Any) -> str:
    ctx, value = fault.get('ctx', {}), fault.get('input')
    match fault['type']:
        case 'missing':
            return f'the key {fault["loc"][-1]!r} is missing'
        case 'literal_error' | 'enum' if not isinstance(value, str):
            return f'write one of these: {", ".join(_quoted(ctx["expected"]))}'
        case 'literal_error' | 'enum':
            return f'{shortened(value)!r} is not known here{nearest(value, _quoted(ctx["expected"]))}'
        case 'union_tag_invalid':
            return f'there is no type {shortened(ctx["tag"])!r}{nearest(ctx["tag"], _quoted(ctx["expected_tags"]))}'
    return _kind(fault['type'], value, ctx) or str(fault['msg']).removeprefix('Value error, ')


def _kind(kind: str, value: Any, ctx: Mapping[str, Any]) -> str | None:
    """A sentence for a value of the wrong kind or size."""
    if kind == 'string_type' and isinstance(value, dict):
        return "write it in quotes, such as '{machine}': a { without them begins something else"
    if kind == 'string_pattern_mismatch':
        return PATTERNS.get(ctx['pattern'])
    if kind == 'string_too_long':
        return f'write at most {number(ctx["max_length"])} characters'
    if kind in LIMITS:
        (_, limit), = ctx.items()
        return LIMITS[kind].format(number(limit, 0 if float(limit).is_integer() else 2))
    if kind in {'model_type', 'model_attributes_type'}:
        return MODELS.get(ctx.get('class_name', ''), 'write keys with values, such as {key: value}')
    return SENTENCES.get(kind)


MODELS = {'StatusRule': 'write a status, such as down or {status: down, reason: E-047}',
          'Range': 'write a range, such as {from: 100, below: 200, status: warning}'}
LIMITS = {'greater_than': 'write a number above {}', 'greater_than_equal': 'write a number of at least {}',
          'less_than': 'write a number below {}', 'less_than_equal': 'write a number of at most {}'}
PATTERNS = {
    r'^[\w.-]{1,40}$': 'write a name of 1 to 40 letters, digits, dots, hyphens and underscores, without spaces',
    r'^[^/+#]{1,200}$': 'write a name of 1 to 200 characters without /, + and #',
    r'^opc\.tcp://[^@\s]+$': 'write an address such as opc.tcp://10.0.0.7:4840; a user and a password are a login'}
"""What a text must be, by the pattern of its key."""
WHOLE, NUMBER, BOOL = 'write a whole number', 'write a number', 'write true or false'
LIST = 'write a list, such as [a, b]'
SENTENCES = {
    'union_tag_not_found': "the key 'type' is missing: mqtt, sparkplug or opcua",
    'dict_type': 'write values with their meanings, such as {1: down}',
    'string_type': 'write a text, in quotes if it is a number, a date, true or false',
    'string_too_short': 'write a text that is not empty', 'too_short': 'write at least one item',
    'tuple_type': LIST, 'list_type': LIST,
    'int_type': WHOLE, 'int_parsing': WHOLE, 'int_from_float': WHOLE, 'int_parsing_size': WHOLE,
    'float_type': NUMBER, 'float_parsing': NUMBER, 'finite_number': NUMBER,
    'bool_type': BOOL, 'bool_parsing': BOOL}
"""By the type of pydantic's error; what is not here is a sentence of this program, or rare."""


def _quoted(text: str) -> list[str]:
    """The words of "'a', 'b' or 'c'"."""
    return re.findall(r"'([^']*)'", text) or re.findall(r'[\w.]+', text)
