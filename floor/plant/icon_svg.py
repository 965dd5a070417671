"""Cleans an uploaded SVG: what is stored contains only shapes, in elements and attributes of a list.

The file is read with expat, event by event, and the result is written from the start, so that nothing of the file gets
into it that is not understood here. A document type ends the reading before an entity can be declared. What could load,
run or hide something is refused with its name; what editors add without effect is left out.
"""

from __future__ import annotations

import re
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from ..core.errors import InvalidInputError
from ..core.formatting import number

MAX_BYTES = 20_000
MAX_DEPTH = 32
MAX_SIZE = 100_000
SVG = 'http://www.w3.org/2000/svg'
EDITORS = re.compile(r'http://(www\.inkscape\.org|sodipodi\.sourceforge\.net|www\.w3\.org/1999/02/22-rdf-syntax-ns#'
                     r'|purl\.org/dc/|creativecommons\.org/ns#|web\.resource\.org/cc/|www\.serif\.com/).*', re.DOTALL)
"""Namespaces of drawing programs, for notes without effect."""
SHAPES = frozenset({'path', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'rect'})
ELEMENTS = SHAPES | {'svg', 'g', 'defs', 'clipPath', 'linearGradient', 'radialGradient', 'stop'}
NOTES = frozenset({'title', 'desc', 'metadata'})
"""Left out with their text."""
REFERRING = frozenset({'fill', 'stroke', 'clip-path'})
"""Attributes that may refer to an element of the same file."""
ATTRIBUTES = REFERRING | {
    'id', 'd', 'points', 'x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'r', 'rx', 'ry', 'fx', 'fy', 'width', 'height',
    'transform', 'fill-opacity', 'fill-rule', 'clip-rule', 'stroke-width', 'stroke-linecap', 'stroke-linejoin',
    'stroke-miterlimit', 'stroke-dasharray', 'stroke-dashoffset', 'stroke-opacity', 'opacity', 'color', 'display',
    'visibility', 'vector-effect', 'clipPathUnits', 'gradientUnits', 'gradientTransform', 'spreadMethod', 'offset',
    'stop-color', 'stop-opacity'}
ROOT_ATTRIBUTES = ATTRIBUTES - {'x', 'y', 'width', 'height', 'id', 'transform'} | {'viewBox', 'preserveAspectRatio'}
DANGEROUS = re.compile(r'on.*|(.*:)?(href|base|src|action|formaction|data|begin|from|to|values|by|attributename)')
PLAIN = re.compile(r'[A-Za-z0-9\s.,#%()+\-_/]*', re.ASCII)
REFERENCE = re.compile(r'url\(\s*#[A-Za-z_][\w.-]*\s*\)', re.ASCII)
NUMBER = re.compile(r'([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?)(?:px)?', re.ASCII | re.IGNORECASE)


def clean_svg(content: bytes) -> str:
    """The SVG with shapes only, in its own frame (viewBox).

    :raises InvalidInputError: it is too long, no SVG, or contains an element or attribute that is not allowed
    """
    if len(content) > MAX_BYTES:
        refuse(f'the file has {number(len(content))} bytes: at most {number(MAX_BYTES)} are allowed')
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError:
        refuse('the file is not in UTF-8: save it in UTF-8')
    if '\0' in text:
        refuse('the file is not in UTF-8: save it in UTF-8')
    cleaner = _Cleaner()
    try:
        cleaner.read(text)
    except expat.ExpatError as error:
        refuse(f'the file is no well-formed XML (line {error.lineno}): {expat.ErrorString(error.code)}')
    return cleaner.result()


def refuse(reason: str) -> NoReturn:
    """:raises InvalidInputError: always"""
    raise InvalidInputError(reason, 'svg')


class _Cleaner:
    """The handlers of one reading."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._kept: list[str | None] = []
        """The open elements as they are written; None: left out."""
        self._without_namespace = False
        self._has_shape = False

    def read(self, text: str) -> None:
        parser = expat.ParserCreate('utf-8', namespace_separator=' ')
        parser.buffer_text = True
        parser.XmlDeclHandler = _check_declaration
        parser.StartDoctypeDeclHandler = lambda *_: refuse('a document type (DOCTYPE) is not allowed: remove it')
        parser.ProcessingInstructionHandler = lambda target, _: refuse(f'<?{shown(target)}?> is not allowed: remove it')
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(text.encode(), True)

    def result(self) -> str:
        if not self._has_shape:
            refuse('the file draws nothing: it has no path, circle, ellipse, line, polyline, polygon or rect')
        return ''.join(self._written)

    def _start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full_name.rpartition(' ')
        if not self._kept:
            self._without_namespace = not namespace and name == 'svg'
            if full_name != f'{SVG} svg' and not self._without_namespace:
                refuse(f'the file is no SVG: its first element is {shown(name)}')
            kept = _root(attributes)
        elif EDITORS.fullmatch(namespace):
            _check_all(name, attributes)
            kept = None
        else:
            kept = self._kept_element(namespace, name, attributes)
        if len(self._kept) >= MAX_DEPTH:
            refuse(f'elements are nested more than {MAX_DEPTH} deep')
        self._kept.append(kept and name)
        self._written.append(kept or '')

    def _kept_element(self, namespace: str, name: str, attributes: dict[str, str]) -> str | None:
        if namespace != ('' if self._without_namespace else SVG) or name not in ELEMENTS | NOTES or name == 'svg':
            refuse(f'the element {shown(name)} is not allowed{REMEDIES.get(name, "")}')
        if name in NOTES:
            _check_all(name, attributes)
            return None
        if None in self._kept:
            refuse(f'the element {shown(name)} is not allowed in a note of a drawing program')
        self._has_shape = self._has_shape or name in SHAPES
        return f'<{name}{_written(name, attributes, ATTRIBUTES)}>'

    def _end(self, _: str) -> None:
        if (name := self._kept.pop()) is not None:
            self._written.append(f'</{name}>')


REMEDIES = {'style': ': save the file with presentation attributes instead of CSS',
            'text': ': convert texts to paths', 'use': ': unlink clones before saving',
            'image': ': only drawn shapes can be shown'}


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in {'utf-8', 'utf8', 'us-ascii'}:
        refuse(f'the file says that its encoding is {shown(encoding)}: save it in UTF-8')


def _root(attributes: dict[str, str]) -> str:
    written = _written('svg', attributes, ROOT_ATTRIBUTES - {'viewBox'})
    box = [_number(part) for part in re.split(r'[\s,]+', attributes['viewBox'].strip())] if 'viewBox' in attributes \
        else [0.0, 0.0, _number(attributes.get('width', '')), _number(attributes.get('height', ''))]
    if len(box) != len('xywh') or not all(abs(number) <= MAX_SIZE for number in box) or min(box[2:]) <= 0:
        refuse('the file has no frame: it needs a viewBox of four numbers, or width and height in pixels')
    return f'<svg xmlns="{SVG}" viewBox="{" ".join(f"{number:g}" for number in box)}"{written}>'


def _number(text: str) -> float:
    found = NUMBER.fullmatch(text.strip())
    return float(found[1]) if found else float('nan')


def _written(name: str, attributes: dict[str, str], allowed: frozenset[str]) -> str:
    """The attributes as they are written, those of style among them; style goes before others, as in CSS."""
    _check_all(name, attributes)
    kept = {key: value for key, value in attributes.items() if key in allowed}
    for declaration in attributes.get('style', '').split(';'):
        key, _, value = (part.strip() for part in declaration.partition(':'))
        if key in allowed:
            kept[key] = value
    for key, value in kept.items():
        _check_value(name, key, value)
    return ''.join(f' {key}={quoteattr(value)}' for key, value in kept.items())


def _check_all(name: str, attributes: dict[str, str]) -> None:
    """:raises InvalidInputError: an attribute could load or run something, also one that is left out"""
    for full_name, value in attributes.items():
        key = full_name.rpartition(' ')[2]
        if DANGEROUS.fullmatch(key.lower()):
            refuse(f'the attribute {shown(key)} of {shown(name)} is not allowed')
        folded = re.sub(r'[\s\\\0]|/\*.*?\*/', '', value.lower())
        if any(part in folded for part in ('javascript:', 'data:', 'vbscript:', 'expression(', '@import', '<')) \
                or ('url(' in folded and not _is_local(key, value)):
            refuse(f'the attribute {shown(key)} of {shown(name)} may not contain {shown(value)}')


def _check_value(name: str, key: str, value: str) -> None:
    if not PLAIN.fullmatch(value) or ('url' in value.lower() and not (key in REFERRING and REFERENCE.fullmatch(value))):
        refuse(f'the attribute {shown(key)} of {shown(name)} may not contain {shown(value)}')


def _is_local(key: str, value: str) -> bool:
    """Whether every url() refers to an element of the same file. The values of style are checked one by one too."""
    return key in REFERRING | {'style'} and 'url(' not in REFERENCE.sub('', value).lower()


def shown(text: str) -> str:
    """A part of the file in a message: short, and in ASCII."""
    return ascii(text[:60])[1:-1]
