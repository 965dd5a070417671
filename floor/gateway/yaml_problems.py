"""What is wrong in a text that is not YAML, and what to write: the library's words are those of its grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.error import MarkedYAMLError

from .strict import shortened

Place = tuple[int, int]
"""Line and column, from 1."""

_BREAK = re.compile(r'\r\n|[\r\n]')
_DASHES = re.compile(r'\s*((?:-(?:\s+|$))*)')
_COMMENT = re.compile(r'(?:^|\s)#')
_COLON = re.compile(r':(?:\s|$)')
"""That ends a key."""
_OPENED = re.compile(r'\w+ [{\[]')
_SIGNS = re.compile('while (?:scanning|parsing) an? (?:anchor|alias|tag|block scalar|directive)$')
_BEGINS_VALUE = frozenset('\'"{}[],|>')


@dataclass(frozen=True, slots=True)
class _Line:
    """A line. dash: the column of its first dash. column: that of what follows the dashes, which is its content."""

    number: int
    dash: int | None
    column: int
    content: str

    @property
    def key(self) -> str:
        """As an error shows it."""
        return repr(shortened(_COLON.split(self.content, 1)[0]))


def explain(error: MarkedYAMLError, text: str) -> tuple[Place, str]:
    """Where something is wrong, and a sentence. Of rare problems it is the library's."""
    at, begun = _place(error.problem_mark or error.context_mark), _place(error.context_mark)
    problem = (error.problem or error.context or 'not YAML').splitlines()[0]
    texts = (*_BREAK.split(text), '')
    written = texts[at[0] - 1]
    lines = [_line(number, each) for number, each in enumerate(texts, 1)]
    found = None
    if problem == "could not find expected ':'":
        found = _without_colon(lines[begun[0] - 1]) or _not_closed(begun, texts)
    elif problem == 'mapping values are not allowed here':
        found = _odd_colon(lines, at, written[:at[1] - 1])
    elif problem.startswith(('expected <block end>', "expected '<document start>'")):
        found = _odd_place(lines, at, written)
    elif problem.startswith(("expected ',' or '}'", "expected ',' or ']'")):
        found = _in_brackets(at, begun, problem)
    elif problem == 'found unexpected end of stream':
        found = _not_closed(begun, texts)
    elif _SIGNS.match(error.context or ''):
        found = begun, f'a text that begins with {texts[begun[0] - 1][begun[1] - 1:begun[1]]} is written in quotes'
    elif sentence := next((each for start, each in _SENTENCES.items() if problem.startswith(start)), None):
        found = at, sentence
    elif match := re.match(r'found duplicate key "(.*?)"(?: with|$)', problem):
        found = at, f'the key {shortened(match[1])!r} is there twice: leave one of them out'
    elif match := re.match(r"found character '(.)' that cannot start any token", problem):
        found = at, f'a text that begins with {match[1]} is written in quotes'
    return found or (at, problem)


_SENTENCES = {
    r"found character '\t'": 'there is a tab here: write spaces instead',
    'found undefined alias': 'a text that begins with * is written in quotes',
    "expected the node content, but found '<stream end>'": 'the text ends here, but a { or [ in it is not closed',
    'expected the node content': 'there is no value before this: write it, or this in quotes',
    'sequence entries are not allowed here': 'a list begins on the line below: write the dash there'}
"""By the beginning of the library's problem."""


def _without_colon(line: _Line) -> tuple[Place, str] | None:
    """Of a line that should be a key, or a key with its value."""
    if line.content[:1] in _BEGINS_VALUE:
        return None
    word, _, rest = line.content.partition(' ')
    key, colon, value = word.partition(':')
    place = line.number, line.column
    if colon and value:
        return place, f"there is no space after the colon: write '{shortened(f'{key}: {value} {rest}'.strip())}'"
    return place, f"there is no colon after {shortened(word)!r}: write '{shortened(f'{word}: {rest}'.strip())}'"


def _odd_colon(lines: Sequence[_Line], at: Place, before: str) -> tuple[Place, str] | None:
    """Of a colon where none may be. before: what is before it in its line."""
    line = lines[at[0] - 1]
    if _OPENED.match(line.content):
        return _without_colon(line)
    if _COLON.search(before):
        return at, 'a value with a colon and a space in it is written in quotes, and a second key on its own line'
    return _above_without_colon(lines, line) or _indentation(lines, line)


def _odd_place(lines: Sequence[_Line], at: Place, written: str) -> tuple[Place, str] | None:
    """Of what begins where nothing may."""
    line = lines[at[0] - 1]
    if at[1] in {line.dash, line.column} and (
            found := _indentation(lines, line) or _above_without_colon(lines, line)):
        return found
    if written[at[1] - 1:at[1]] in {'}', ']'}:
        return at, f'nothing has opened this {written[at[1] - 1]}: leave it out, or write the whole value in quotes'
    return at, ("the value has ended before this: write the whole value in quotes, such as '{machine}', and close "
                'each quote and bracket')


def _in_brackets(at: Place, begun: Place, problem: str) -> tuple[Place, str]:
    """Of a { or [ that goes on where it should end. begun: where it is."""
    closing = problem[len("expected ',' or '")]
    opening = {'}': '{', ']': '['}[closing]
    if problem.endswith(("got '}'", "got ']'")):
        return at, f'the {opening} of line {begun[0]}, column {begun[1]} ends with {closing}, not with {problem[-2]}'
    if at[0] == begun[0] and not problem.endswith("'<stream end>'"):
        return at, f'a comma or {closing} is missing before this; a text with such signs in it is written in quotes'
    return _open_bracket(begun, opening)


def _not_closed(begun: Place, texts: Sequence[str]) -> tuple[Place, str] | None:
    """Of a quote or a bracket."""
    sign = texts[begun[0] - 1][begun[1] - 1:begun[1]]
    if sign in _CLOSING:
        return _open_bracket(begun, sign)
    return (begun, 'there is no second quote to this one: write quotes at both ends of a text') if sign in {
        "'", '"'} else None


def _open_bracket(begun: Place, sign: str) -> tuple[Place, str]:
    return begun, f'this {sign} is not closed: write {_CLOSING[sign]} at its end, and commas between what is in it'


_CLOSING = {'{': '}', '[': ']'}


def _above_without_colon(lines: Sequence[_Line], line: _Line) -> tuple[Place, str] | None:
    above = next(_above(lines, line.number), None)
    return None if above is None or _COLON.search(above.content) else _without_colon(above)


def _indentation(lines: Sequence[_Line], line: _Line) -> tuple[Place, str] | None:
    """Of a line that begins where it belongs to none of those above."""
    if line.dash is not None:
        dashes = [each for each in _above(lines, line.number) if each.dash is not None]
        near = min(dashes, key=lambda each: abs((each.dash or 0) - (line.dash or 0)), default=None)
        return (line.number, line.dash), (
            'there is a dash here among keys: leave it out, or begin a list below a key' if near is None else
            f'the dash of this item is in column {line.dash}, that of line {near.number} in column {near.dash}: items '
            'of a list begin in the same column, and keys have no dash')
    near = min(_above(lines, line.number), key=lambda each: abs(each.column - line.column), default=None)
    if near is None or near.column == line.column:
        return None
    return (line.number, line.column), (
        f'{line.key} begins in column {line.column}, {near.key} of line {near.number} in column {near.column}: keys '
        'that belong together begin in the same column')


def _above(lines: Sequence[_Line], number: int) -> Iterator[_Line]:
    """The lines above a line that it can belong to, upwards: each begins further to the left than the one before."""
    least = None
    for line in reversed(lines[:number - 1]):
        if line.content and (least is None or (line.dash or line.column) < least):
            least = line.dash or line.column
            yield line


def _line(number: int, text: str) -> _Line:
    match = _DASHES.match(text)
    assert match is not None  # noqa: S101 (it matches any line)
    content = _COMMENT.split(text[match.end():], 1)[0].rstrip()
    return _Line(number, match.start(1) + 1 if match[1] else None, match.end() + 1, content)


def _place(mark: Any) -> Place:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
