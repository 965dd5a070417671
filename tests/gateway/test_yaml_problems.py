"""What is wrong in a text that is not YAML, or not as gateway.yaml wants it: the line, and what to write."""

from __future__ import annotations

import random

import pytest
from gateway.harness import GATEWAY_YAML as FILE

from floor.gateway.config_file import parse_config, parse_mapping
from floor.gateway.errors import GatewayConfigError

IN_QUOTES = ("the value has ended before this: write the whole value in quotes, such as '{machine}', and close each "
             'quote and bracket')
NO_QUOTE = 'there is no second quote to this one: write quotes at both ends of a text'
TWO_COLONS = 'a value with a colon and a space in it is written in quotes, and a second key on its own line'
OPEN = 'this {0} is not closed: write {1} at its end, and commas between what is in it'
COMMA = 'a comma or } is missing before this; a text with such signs in it is written in quotes'
SAME = 'keys that belong together begin in the same column'
DASHES = 'items of a list begin in the same column, and keys have no dash'
NAME = 'write a name of 1 to 40 letters, digits, dots, hyphens and underscores, without spaces'


def problem_of(text: str) -> str:
    with pytest.raises(GatewayConfigError) as error:
        parse_config(text, 'f')
    return str(error.value)


@pytest.mark.parametrize(('old', 'new', 'sentence'), [
    ('host: localhost', 'host localhost', "8:5: there is no colon after 'host': write 'host: localhost'"),
    ('values:', 'values', "12:9: there is no colon after 'values': write 'values:'"),
    ('app:', 'app', "1:1: there is no colon after 'app': write 'app:'"),
    ('url: ', 'url ', "2:3: there is no colon after 'url': write 'url: http://localhost:8000'"),
    ('- type: mqtt', '- type mqtt  # of the plant', "6:5: there is no colon after 'type': write 'type: mqtt'"),
    ('2: {', '2 {', "14:11: there is no colon after '2': write '2: {status: down, reason: E-047}'"),
    ('host: localhost', 'host:localhost', "8:5: there is no space after the colon: write 'host: localhost'"),
    ('1: operational', '1:operational', "13:11: there is no space after the colon: write '1: operational'")])
def test_a_missing_colon_is_in_the_line_that_needs_it(old: str, new: str, sentence: str) -> None:
    assert problem_of(FILE.replace(old, new, 1)) == f'f:{sentence}'


@pytest.mark.parametrize(('old', 'new', 'sentence'), [
    ('    host', '      host', f"8:7: 'host' begins in column 7, 'name' of line 7 in column 5: {SAME}"),
    ('    host', '   host', f"8:4: 'host' begins in column 4, 'name' of line 7 in column 5: {SAME}"),
    ('    host', '  host', f"8:3: 'host' begins in column 3, 'name' of line 7 in column 5: {SAME}"),
    ('          2: {', '         2: {', f"14:10: '2' begins in column 10, '1' of line 13 in column 11: {SAME}"),
    ("        machine: '", "\n    # a note\n       machine: '",
     f"13:8: 'machine' begins in column 8, 'topic' of line 10 in column 9: {SAME}"),
    ('E-047}\n', 'E-047}\n       debounce: 1\n',
     f"15:8: 'debounce' begins in column 8, 'values' of line 12 in column 9: {SAME}"),
    ('E-047}\n', 'E-047}\n     - topic: x\n', f'15:6: the dash of this item is in column 6, that of line 10 in column '
     f'7: {DASHES}'),
    ('    host', '    - host', f'8:5: the dash of this item is in column 5, that of line 6 in column 3: {DASHES}'),
    ('  token', '  - token', '3:3: there is a dash here among keys: leave it out, or begin a list below a key'),
    ('points:\n     ', 'points:', '9:13: a list begins on the line below: write the dash there'),
    ('    host', '\thost', '8:1: there is a tab here: write spaces instead')])
def test_a_wrong_indentation_is_compared_with_the_lines_above(old: str, new: str, sentence: str) -> None:
    assert old in FILE
    assert problem_of(FILE.replace(old, new, 1)) == f'f:{sentence}'


@pytest.mark.parametrize(('old', 'new', 'sentence'), [
    ("'{machine}'", "'{machine}", f'11:18: {NO_QUOTE}'), ("'{machine}'", '"{machine}', f'11:18: {NO_QUOTE}'),
    ("'{machine}'", "'{machine}' x", f'11:30: {IN_QUOTES}'), ("'{machine}'", '{machine}-x', f'11:27: {IN_QUOTES}'),
    ('plant/{line}', '{line}', f'10:22: {IN_QUOTES}'),
    ('localhost\n', 'local: host\n', f'8:16: {TWO_COLONS}'),
    ('{folder: queue}', 'folder: queue}', f'4:14: {TWO_COLONS}'),
    ('E-047}', 'E-047', f'14:14: {OPEN.format("{", "}")}'), ('TOKEN}', 'TOKEN', f'3:10: {OPEN.format("{", "}")}'),
    ('{folder: queue}', '[folder: queue', f'4:8: {OPEN.format("[", "]")}'),
    ('queue}', 'queue]', '4:22: the { of line 4, column 8 ends with }, not with ]'),
    ('queue}', 'queue}}', '4:23: nothing has opened this }: leave it out, or write the whole value in quotes'),
    ('down, reason', 'down reason', f'14:34: {COMMA}'),
    ('localhost\n', '@x\n', '8:11: a text that begins with @ is written in quotes'),
    ('plant/{line}', '*/{line}', '10:16: a text that begins with * is written in quotes'),
    ('host: localhost', 'name: localhost', "8:5: the key 'name' is there twice: leave one of them out"),
    ('localhost\n', '&\n', '8:11: a text that begins with & is written in quotes'),
    ('localhost\n', '|x\n', '8:11: a text that begins with | is written in quotes'),
    ("'{machine}'", '[,', '11:19: there is no value before this: write it, or this in quotes'),
    (FILE[FILE.index('E-047'):], '', '14:37: the text ends here, but a { or [ in it is not closed'),
    ('points:', "'points:", f'9:5: {NO_QUOTE}'),
    ('localhost\n', '"a\\d"\n', "8:14: found unknown escape character 'd'")])
def test_quotes_brackets_and_doubled_keys_have_a_sentence(old: str, new: str, sentence: str) -> None:
    assert old in FILE
    assert problem_of(FILE.replace(old, new, 1)) == f'f:{sentence}'


@pytest.mark.parametrize(('old', 'new', 'sentence'), [
    ('name: plant', 'name: my plant', f'7:5: sources.0.name: {NAME}'),
    ("machine: '{machine}'", "machine: ''", '11:9: sources.0.points.0.machine: write a text that is not empty'),
    ("machine: '{machine}'", f"machine: '{'x' * 201}'",
     '11:9: sources.0.points.0.machine: write at most 200 characters'),
    (FILE[FILE.index('  - type'):], '  - mqtt\n', '6:5: sources.0: write keys with values, such as {key: value}'),
    (FILE[FILE.index('\n  - type'):], ' []\n', '5:1: sources: write at least one item'),
    (FILE[FILE.index('mqtt'):], 'opcua\n    name: mills\n    url: localhost:4840\n    points: [{node: a, machine: M}]',
     '8:5: sources.0.url: write an address such as opc.tcp://10.0.0.7:4840; a user and a password are a login')])
def test_a_text_that_cannot_be_one_is_refused_in_plain_words(old: str, new: str, sentence: str) -> None:
    assert old in FILE
    assert problem_of(FILE.replace(old, new, 1)) == f'f:{sentence}'


def test_a_mapping_that_is_pasted_has_the_same_sentences() -> None:
    with pytest.raises(GatewayConfigError, match=r"^Line 2, column 3: there is no colon after '1': write '1: down'$"):
        parse_mapping('values:\n  1 down\n  2: down\n')


def test_whatever_is_mistyped_is_refused_in_lines_with_their_place() -> None:
    draw = random.Random(7)
    for _ in range(300):
        at, sign = draw.randrange(len(FILE)), draw.choice('\t:-{}[],"\'#&*!|>%@`\n\r\x85\u2028')
        mistyped = FILE[:at] + sign + FILE[at + draw.randrange(2):]
        try:
            parse_config(mistyped, 'f')
        except GatewayConfigError as error:
            assert all(each.startswith('f:') for each in str(error).split('\n')), mistyped
