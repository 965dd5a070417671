"""Reads gateway.yaml, and reports what is wrong with file, line and column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .config import GatewayConfig
from .errors import GatewayConfigError
from .mapping import value_key
from .strict import FOLDER, NEEDS_POINTS, UNKNOWN_KEY, nearest

Place = tuple[int, int]
"""Line and column, from 1."""
Path_ = tuple[str, ...]
"""Keys and numbers of items, as value_key writes them."""
MAX_FAULTS = 10


def read_config(file: Path, *, needs_points: bool = True) -> GatewayConfig:
    """The checked configuration. needs_points: false if OPC UA sources may have none yet.

    :raises GatewayConfigError: a line for each thing that is wrong, with its place in the file
    """
    try:
        text = file.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise GatewayConfigError(f'{file} cannot be read: {error}') from error
    return parse_config(text, str(file), file.parent, needs_points=needs_points)


def parse_config(text: str, name: str, folder: Path = Path(), *, needs_points: bool = True) -> GatewayConfig:
    """As read_config. name: of the file, for errors. folder: of the file, for relative paths."""
    try:
        data = YAML(typ='rt').load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f'{mark.line + 1}:{mark.column + 1}' if mark else '1:1'
        problem = (error.problem or error.context or 'not YAML').splitlines()[0]
        raise GatewayConfigError(f'{name}:{place}: {problem}') from error
    except (YAMLError, ValueError) as error:
        raise GatewayConfigError(f'{name}: {str(error).splitlines()[0]}') from error
    places: dict[Path_, Place] = {}
    try:
        value = _plain(data, (), (1, 1), places)
    except RecursionError as error:
        raise GatewayConfigError(f'{name}:1:1: an alias of the file has itself in it') from error
    if not isinstance(value, dict):
        raise GatewayConfigError(f'{name}:1:1: the file must have the keys {", ".join(GatewayConfig.model_fields)}')
    try:
        return GatewayConfig.model_validate(value, context={FOLDER: folder, NEEDS_POINTS: needs_points})
    except ValidationError as error:
        faults = [each for each in error.errors(include_url=False) if each['type'] != 'too_short' or not each['input']]
        raise GatewayConfigError('\n'.join(_sentence(name, each, places) for each in faults[:MAX_FAULTS])) from error


def _plain(node: Any, path: Path_, place: Place, places: dict[Path_, Place]) -> Any:
    """The node as plain Python. places: gets the place of each key and item, by its path."""
    places[path] = place
    if isinstance(node, dict):
        return {_scalar(key): _plain(each, (*path, value_key(_scalar(key))), _after(node.lc.key(key)), places)  # type: ignore[attr-defined]
                for key, each in node.items()}
    if isinstance(node, list):
        return [_plain(each, (*path, str(number)), _after(node.lc.item(number)), places)  # type: ignore[attr-defined]
                for number, each in enumerate(node)]
    return _scalar(node)


def _after(place: Place) -> Place:
    return place[0] + 1, place[1] + 1


def _scalar(value: Any) -> Any:
    """A scalar of ruamel.yaml, such as ScalarFloat, as Python's."""
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value)


def _sentence(name: str, fault: Any, places: dict[Path_, Place]) -> str:
    """'gateway.yaml:7:5: sources.0.host: ...'."""
    path = _path_in_file(fault['loc'], places)
    problem = _problem(fault)
    key = fault.get('ctx', {}).get('key') if fault['type'] == UNKNOWN_KEY else None
    line, column = places.get((*path, value_key(key)), places[path])
    where = '.'.join(path)
    return f'{name}:{line}:{column}: {where}{": " if where else ""}{problem}'


def _path_in_file(location: tuple[Any, ...], places: dict[Path_, Place]) -> Path_:
    """The longest part of pydantic's location that is in the file: it also names the kinds of a union."""
    path: Path_ = ()
    for step in location:
        if (*path, value_key(step)) in places:
            path = (*path, value_key(step))
    return path


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
