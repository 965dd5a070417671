"""YAML that is checked by a model: errors have line and column, and say what is allowed there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scanner import RoundTripScanner, ScannerError

from .errors import GatewayConfigError
from .mapping import value_key
from .strict import UNKNOWN_KEY, nearest

Model = TypeVar('Model', bound=BaseModel)
Place = tuple[int, int]
"""Line and column, from 1."""
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
        where = '.'.join(path[len(start):])
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
    yaml.Scanner = FlatScanner
    try:
        return YamlText(file, _plain(yaml.load(text), (), (1, 1), places, len(text)), places)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or 'not YAML').splitlines()[0]
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise GatewayConfigError(f'{_where(file, place)}: {problem}') from error
    except (YAMLError, ValueError) as error:
        raise GatewayConfigError(f'{_where(file, (1, 1))}: {str(error).splitlines()[0]}') from error
    except RecursionError as error:
        raise GatewayConfigError(f'{_where(file, (1, 1))}: an alias has itself in it') from error


def _plain(node: Any, path: Path, place: Place, places: dict[Path, Place], most: int) -> Any:
    """The node as plain Python. places: gets its place and those below it. most: without aliases, a text has no more
    nodes than characters."""
    places[path] = place
    if len(places) > most + 1:
        raise ValueError('aliases make more of it than of any text without them')
    if isinstance(node, dict):
        return {_scalar(key): _plain(each, (*path, value_key(_scalar(key))), _place_of(node, key, place), places, most)
                for key, each in node.items()}
    if isinstance(node, list):
        return [_plain(each, (*path, str(number)), _place_of(node, number, place), places, most)
                for number, each in enumerate(node)]
    return _scalar(node)


def _place_of(node: Any, key: Any, place: Place) -> Place:
    """Of a key or an item of a node that has a place. A key that << merges in has that of the node."""
    line, column = (node.lc.data or {}).get(key, (place[0] - 1, place[1] - 1))[:2]
    return line + 1, column + 1


def _scalar(value: Any) -> Any:
    """A scalar of ruamel.yaml, such as ScalarFloat, as Python's."""
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)


def _where(file: str, place: Place) -> str:
    return f'{file}:{place[0]}:{place[1]}' if file else f'Line {place[0]}, column {place[1]}'


def _problem(fault: Any) -> str:
    ctx = fault.get('ctx', {})
    match fault['type']:
        case 'missing':
            return f'the key {fault["loc"][-1]!r} is missing'
        case 'literal_error' | 'enum':
            word = str(fault.get('input'))
            return f'{word!r} is not known here{nearest(word, _quoted(ctx["expected"]))}'
        case 'union_tag_invalid':
            return f'there is no type {ctx["tag"]!r}{nearest(ctx["tag"], _quoted(ctx["expected_tags"]))}'
        case 'union_tag_not_found':
            return "the key 'type' is missing: mqtt, sparkplug or opcua"
        case 'string_type' if isinstance(fault.get('input'), dict):
            return "write it in quotes, such as '{machine}': a { without them begins something else"
    return str(fault['msg']).removeprefix('Value error, ')


def _quoted(text: str) -> list[str]:
    """The words of "'a', 'b' or 'c'"."""
    return re.findall(r"'([^']*)'", text) or re.findall(r'[\w.]+', text)
