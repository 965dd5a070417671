"""What values mean, and what is wrong in gateway.yaml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway.harness import GATEWAY_YAML
from pydantic import ValidationError
from together import together

from floor.core.machines import Status
from floor.gateway.config_file import parse_config, parse_mapping, read_config
from floor.gateway.counters import increment
from floor.gateway.description import describe
from floor.gateway.errors import GatewayConfigError
from floor.gateway.json_path import PayloadError, parse_path, parse_time, value_at
from floor.gateway.mapping import CounterMeaning, Mapping, NoMeaning, ReasonMeaning, Reports
from floor.gateway.opcua_config import OpcUaPoint
from floor.gateway.point_config import PointConfig
from floor.gateway.presets import StatusMeaning
from floor.gateway.program import main
from floor.gateway.strict import Secret
from floor.gateway.topic_pattern import TopicPattern

UP, WARN, DOWN, NONE = Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN
TABLE = {'values': {1: 'operational', 'Stop': {'status': 'down', 'reason': 'E-047'}, 'true': 'warning'}}
RANGES = {'ranges': [{'below': 0.5, 'status': 'down', 'reason': 'No air'},
                     {'from': 0.5, 'below': 2, 'status': 'warning'}, {'from': 2, 'status': 'operational'}]}

FILE = f'\n{GATEWAY_YAML}'


@pytest.mark.parametrize(('mapping', 'value', 'meaning'), [
    (TABLE, 1, (UP, None)), (TABLE, 1.0, (UP, None)), (TABLE, ' 1 ', (UP, None)), (TABLE, 'STOP', (DOWN, 'E-047')),
    (TABLE, True, (WARN, None)), (TABLE, 'running', None), (TABLE, None, (NONE, 'bad quality')),
    ({**TABLE, 'otherwise': 'warning'}, 7, (WARN, None)), ({**TABLE, 'preset': 'packml'}, 'Held', (DOWN, 'Held')),
    (RANGES, 0.49, (DOWN, 'No air')), (RANGES, '0.5', (WARN, None)), (RANGES, 2, (UP, None)), (RANGES, 'x', None),
    (RANGES, False, None), (RANGES, float('nan'), None),
    ({}, 'Running', (UP, None)), ({}, 'DOWN', (DOWN, None)), ({}, 1, None),
    ({'preset': 'on_off'}, False, (DOWN, None)), ({'preset': 'on_off'}, '1', (UP, None)),
    ({'preset': 'integers'}, 0, (DOWN, None)), ({'preset': 'integers'}, '1', (UP, None)),
    ({'preset': 'integers'}, 2.0, (WARN, None)), ({'preset': 'integers'}, 3, (DOWN, None)),
    ({'preset': 'integers'}, 4, None), ({'preset': 'integers'}, 1.5, None), ({'preset': 'integers'}, True, None),
    ({'preset': 'packml'}, 6, (UP, None)), ({'preset': 'packml'}, 5, (DOWN, 'Suspended')),
    ({'preset': 'packml'}, 'idle', (WARN, 'Idle')), ({'preset': 'packml'}, 18, None), ({'preset': 'packml'}, 0, None),
    ({'preset': 'umh'}, 10_000, (UP, None)), ({'preset': 'umh'}, 29_999, (WARN, 'Lower than full speed')),
    ({'preset': 'umh'}, 30_000, (NONE, 'Unknown state')), ({'preset': 'umh'}, 65_432, (DOWN, 'Inlet jam')),
    ({'preset': 'umh'}, 9_999, None), ({'preset': 'umh'}, 230_000, None)])
def test_a_value_is_a_status(mapping: dict[str, Any], value: Any, meaning: tuple[Status, str | None] | None) -> None:
    found = Mapping.model_validate(mapping).meaning(value, 'bad quality' if value is None else None)
    assert found == StatusMeaning(*meaning) if meaning else isinstance(found, NoMeaning)


@pytest.mark.parametrize(('mapping', 'value', 'advice'), [
    ({}, 3, 'preset: integers or values: {3: ...}'), ({}, '2.0', 'preset: integers or values: {2: ...}'),
    ({}, True, 'preset: on_off or values: {true: ...}'), ({}, 'Idle', None), ({'preset': 'words'}, 3, None),
    ({'preset': 'integers'}, 9, None), (TABLE, 3, None)])
def test_a_number_at_a_point_without_a_mapping_says_what_to_add(
        mapping: dict[str, Any], value: Any, advice: str | None) -> None:
    found = Mapping.model_validate(mapping).meaning(value)
    assert isinstance(found, NoMeaning)
    assert found.problem == f'the value {str(value)!r} is not in its mapping' + (
        f', since the point has none and only words are known: add {advice}' if advice else '')


def test_the_reason_of_a_rule_goes_before_the_one_that_came_with_the_value() -> None:
    mapping = Mapping.model_validate(TABLE)
    assert mapping.meaning('stop', 'E-9') == StatusMeaning(DOWN, 'E-047')
    assert mapping.meaning(True, 'E-9') == StatusMeaning(WARN, 'E-9')


@pytest.mark.parametrize(('mapping', 'value', 'meaning'), [
    ({'reports': 'reason', 'reasons': {47: 'Supply air low'}}, 47, ReasonMeaning('Supply air low')),
    ({'reports': 'reason'}, 'E-9', ReasonMeaning('E-9')), ({'reports': 'reason'}, 0, ReasonMeaning(None)),
    ({'reports': 'reason'}, '0', ReasonMeaning(None)),
    ({'reports': 'reason', 'reasons': {0: 'Idle'}}, '0', ReasonMeaning('Idle')),
    ({'reports': 'reason'}, '  ', ReasonMeaning(None)), ({'reports': 'reason'}, None, None),
    ({'reports': 'good'}, '12', CounterMeaning(Reports.GOOD, 12)), ({'reports': 'good'}, None, None)])
def test_a_value_is_a_reason_or_a_count(mapping: dict[str, Any], value: Any, meaning: object) -> None:
    assert Mapping.model_validate(mapping).meaning(value) == meaning


@pytest.mark.parametrize('value', [-1, 'many', True, 1e300, float('inf')])
def test_a_value_is_no_count(value: Any) -> None:
    assert isinstance(Mapping.model_validate({'reports': 'cycles'}).meaning(value), NoMeaning)


@pytest.mark.parametrize(('last', 'total', 'rollover', 'made'), [
    (None, 500, None, (0, 'first')), (500, 503, None, (3, 'count')), (500, 500, None, (0, 'count')),
    (65_530, 4, None, (10, 'rollover')), (2 ** 32 - 1, 1, None, (2, 'rollover')), (500, 7, None, (7, 'reset')),
    (60_000, 10, None, (10, 'reset')), (70_000, 3, None, (3, 'reset')), (990, 5, 1_000, (15, 'rollover')),
    (400, 5, 1_000, (5, 'reset')), (990, 980, 1_000, (980, 'reset'))])
def test_totals_become_increments(last: int | None, total: int, rollover: int | None, made: tuple[int, str]) -> None:
    assert increment(last, total, rollover) == made


@pytest.mark.parametrize(('old', 'new', 'place', 'words'), [
    ('host: localhost', 'hosst: localhost', '9:5', "there is no key 'hosst' here; did you mean 'host'?"),
    ('1: operational', '1: operationl', '14:11', "'operationl' is not a status; did you mean 'operational'?"),
    ('type: mqtt', 'type: mqt', '7:5', "there is no type 'mqt'; did you mean 'mqtt'? Allowed: mqtt, sparkplug, opcua"),
    ("machine: '{machine}'", "machine: '{machin}'", '11:9', "no placeholder {machin}; did you mean 'machine'?"),
    ('          2: {', '          1: {', '15:11', "the key '1' is there twice"),
    ('          2: {', "          '1': {", '13:9', '1 is in this table twice'),
    ('token: {env: TOKEN}', 'token: lm_token_secret', '4:3', 'a secret is not written into this file'),
    ('url: http', 'url: ftp', '3:3', 'is written as https://'),
    ('queue: {folder: queue}', 'queue: {folder: queue, limit: x}', '5:24', 'write a whole number'),
    ('    name: plant\n', '', '7:5', "the key 'name' is missing"),
    ('reason: E-047}', 'reason: E-047', '15:14', 'this { is not closed'),
    ('plant/{line}/{machine}/status', 'plant/{machine}/#/status', '11:9', '# is only allowed as the last level'),
    ('values:', 'reports: goood\n        values:', '13:9', "'goood' is not known here; did you mean 'good'?"),
    ('values:', 'reports: good\n        values:', '11:9', 'values is not used by a point that reports good'),
    ("machine: '{machine}'", 'machine: {machine}', '12:9', "write it in quotes, such as '{machine}'"),
    ('plant\n', 'plant\n    debounce: 2\n', '9:5', 'there is no key')])
def test_what_is_wrong_in_the_file_has_its_place(old: str, new: str, place: str, words: str) -> None:
    assert old in FILE
    with pytest.raises(GatewayConfigError) as error:
        parse_config(FILE.replace(old, new, 1), 'gateway.yaml')
    assert str(error.value).startswith(f'gateway.yaml:{place}: ')
    assert words in str(error.value)
    assert 'lm_token_secret' not in str(error.value)


def test_a_key_that_is_merged_in_is_read_as_if_it_were_written() -> None:
    merged = FILE.replace('          1: operational\n', '          <<: {1: operational}\n')
    assert parse_config(merged, 'gateway.yaml') == parse_config(FILE, 'gateway.yaml')
    with pytest.raises(GatewayConfigError, match=r"gateway\.yaml:1\d:.*: 'runing' is not a status"):
        parse_config(merged.replace('{1: operational}', '{1: runing}'), 'gateway.yaml')


@pytest.mark.parametrize('text', [
    'values: {1: operational, 2: {status: down, reason: E-047}}',
    '        values:\n          1: operational\n          2: {status: down, reason: E-047}\n',
    FILE[FILE.index('      - topic'):]], ids=['on a line', 'its lines', 'the point'])
def test_a_mapping_that_is_pasted_is_that_of_the_file(text: str) -> None:
    point = parse_config(FILE, 'gateway.yaml').sources[0].points[0]
    assert parse_mapping(text).values == point.values


BOMB = 'values: &a [1, 2, 3]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: &d [*c, *c, *c, *c]\ne: [*d, *d, *d]'


@pytest.mark.parametrize(('text', 'sentence'), [
    ('', 'Line 1, column 1: there are no keys here. Allowed: reports, preset, values, ranges'),
    ('values:\n  1: runing', "Line 2, column 3: values.1: 'runing' is not a status; did you mean 'warning'?"),
    ('- topic: a/{m}\n  machine: M\n  presett: umh',
     "Line 3, column 3: there is no key 'presett' here; did you mean 'preset'?"),
    ('- {topic: a, machine: A}\n- {topic: b, machine: B}', 'Line 1, column 1: there are 2 points: try one of them'),
    ('values: {1: down', 'Line 1, column 9: this { is not closed'),
    ('[' * 1_600, 'Line 1, column 31: at most 30 levels of brackets and indentation are read'),
    ('{a: ' * 31 + 'b' + '}' * 31, 'Line 1, column 121: at most 30 levels of brackets and indentation are read'),
    ('- ' * 20 + '[' * 20, 'Line 1, column 51: at most 30 levels of brackets and indentation are read'),
    ('- ' * 31, 'Line 1, column 61: at most 30 levels of brackets and indentation are read'),
    (BOMB, 'Line 1, column 1: aliases make more of it than of any text without them')])
def test_what_is_wrong_in_a_mapping_that_is_pasted_has_its_line_and_column(text: str, sentence: str) -> None:
    with pytest.raises(GatewayConfigError) as error:
        parse_mapping(text)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(('text', 'sentence'), [
    ('preset: !!bool maybe', 'Line 1, column 9: this is not YAML that can be read'),
    ('rollover: !!int ""', 'Line 1, column 11: this is not YAML that can be read'),
    ('a: 0x__', 'Line 1, column 4: this is not YAML that can be read'),
    (r'"\UFFFFFFFF"', 'Line 1, column 1: this is not YAML that can be read'),
    ('values: !!pairs [a: down]', 'Line 1, column 1: values: write values with their meanings, such as {1: down}'),
    ('reports: good\nrollover: 0x' + 'f' * 4_800, 'Line 2, column 1: this number is too large'),
    ('reports: good\nrollover: 0x1ffffffffffffffff', 'Line 2, column 1: rollover: write a number of at most 18,446'),
    ('preset: ' + 'x' * 4_000, f"Line 1, column 1: preset: '{'x' * 60}…' is not known here. Allowed: words"),
    ('x' * 100 + ': 1', f"Line 1, column 1: there is no key '{'x' * 60}…' here. Allowed: reports"),
    ('preset: !foo words', 'Line 1, column 9: there is no tag !foo'),
    ('a: !!python/name:os.system x', 'Line 1, column 4: there is no tag !!python/name:os.system'),
    ('? {a: 1}\n: 2', 'Line 1, column 3: write a text or a number as a key'),
    ('values:', 'Line 1, column 1: values: write values with their meanings, such as {1: down}'),
    ('otherwise: 5', 'Line 1, column 1: otherwise: write a status, such as down or {status: down, reason: E-047}'),
    ('ranges: {from: 1}', 'Line 1, column 1: ranges: write a list'),
    ('ranges: [5]', 'Line 1, column 10: ranges.0: write a range, such as {from: 100, below: 200, status: warning}'),
    ('otherwise: {status: down, reason: 4.10}', 'Line 1, column 27: otherwise.reason: write a text, in quotes'),
    ('reports:', 'Line 1, column 1: reports: write one of these: status, reason, good, reject, cycles')])
def test_what_is_half_typed_is_refused_in_plain_words(text: str, sentence: str) -> None:
    with pytest.raises(GatewayConfigError) as error:
        parse_mapping(text)
    assert str(error.value).startswith(sentence)
    assert len(str(error.value)) < 300


def test_a_number_is_a_reason() -> None:
    assert parse_mapping('otherwise: {status: down, reason: 47}').meaning('x') == StatusMeaning(DOWN, '47')
    assert parse_mapping('{reports: reason, reasons: {1: 47}}').meaning(1) == ReasonMeaning('47')


@pytest.mark.parametrize(('written', 'number'), [
    ('0047', '47'), ('00', '0'), ('+47', '47'), ('1_000', '1000'), ('0x1F', '31'), ('0o17', '15'), ('0b11', '3'),
    ('!!int 0047', '47'), ('&code 0047', '47')])
def test_a_number_that_would_not_stay_as_it_is_written_is_a_reason_only_in_quotes(written: str, number: str) -> None:
    text = written.rpartition(' ')[2]
    sentence = f"write '{text}' in quotes: without them it is the number {number}"
    with pytest.raises(GatewayConfigError) as error:
        parse_mapping(f'otherwise:\n  status: down\n  reason: {written}')
    assert str(error.value) == f'Line 3, column 3: otherwise.reason: {sentence}'
    with pytest.raises(GatewayConfigError) as error:
        parse_mapping(f'reports: reason\nreasons:\n  1: {written}')
    assert str(error.value) == f'Line 3, column 3: reasons.1: {sentence}'
    assert parse_mapping(f"otherwise: {{status: down, reason: '{text}'}}").meaning('x') == StatusMeaning(DOWN, text)


def test_a_number_that_is_needed_as_one_may_be_written_in_any_way() -> None:
    assert parse_mapping('reports: good\nrollover: 0x1_0000').rollover == 65_536
    assert parse_mapping('values: {0x1F: down, 0040: warning}').meaning(31) == StatusMeaning(DOWN)
    assert parse_mapping('ranges: [{from: 0010, below: +20, status: down}]').meaning(10) == StatusMeaning(DOWN)


@pytest.mark.parametrize('word', ['on', 'off', 'yes', 'no', 'y', '12:30', '1.2.3'])
def test_a_word_that_older_yaml_reads_as_something_else_is_a_reason(word: str) -> None:
    assert parse_mapping(f'otherwise: {{status: down, reason: {word}}}').meaning('x') == StatusMeaning(DOWN, word)


@pytest.mark.parametrize('written', ['true', 'False', '2026-11-30', '2026-11-30 10:00:00', '4.10', '1e3', '.inf'])
def test_what_is_neither_a_text_nor_a_whole_number_is_a_reason_only_in_quotes(written: str) -> None:
    sentence = 'otherwise.reason: write a text, in quotes if it is a number, a date, true or false'
    with pytest.raises(GatewayConfigError, match=f'Line 1, column 27: {sentence}'):
        parse_mapping(f'otherwise: {{status: down, reason: {written}}}')


def test_brackets_in_a_text_or_side_by_side_are_not_deep() -> None:
    mapping = parse_mapping("values: {1: {status: down, reason: '" + '[' * 40 + f"'}}}}  # {'[' * 40}\nranges: ["
                            + ', '.join(f'{{from: {number}, status: down}}' for number in range(40)) + ']')
    assert mapping.values['1'].reason == '[' * 40
    assert len(mapping.ranges) == 40


def test_only_a_point_that_reports_statuses_can_be_silent() -> None:
    with pytest.raises(ValidationError, match='silent_after is not used by a point that reports good'):
        PointConfig.model_validate({'machine': 'CNC', 'reports': 'good', 'silent_after': 60})


def test_increment_is_refused_of_opc_ua_where_the_same_number_again_is_no_change() -> None:
    point = {'machine': 'CNC', 'node': 'ns=2;s=Good', 'reports': 'good'}
    assert OpcUaPoint.model_validate(point | {'counts': 'total'}).counts == 'total'
    with pytest.raises(ValidationError, match='give the node of a running total'):
        OpcUaPoint.model_validate(point | {'counts': 'increment'})


@pytest.mark.parametrize('text', ['', '[1, 2', 'app', '\t', '{}', '&a [*a]', 'app: !!python/object:os.system x'])
def test_a_file_that_is_none_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(GatewayConfigError, match=r'gateway\.yaml:1:'):
        parse_config(text, 'gateway.yaml')


def test_the_file_says_in_words_what_it_does(tmp_path: Path) -> None:
    file = tmp_path / 'gateway.yaml'
    file.write_text(FILE)
    config = read_config(file)
    assert config.queue.folder == tmp_path / 'queue'
    words = '\n'.join(describe(config))
    assert 'Source plant (mqtt at localhost:1883):' in words
    assert 'topic plant/{line}/{machine}/status: the status of the machine {machine}, one for each topic' in words
    assert '2: Down, because of E-047' in words
    assert 'Other values are counted and not reported.' in words
    assert 'MACHINE_SILENT_AFTER of the app, if it is set, has to be 90 or more.' in words


OPCUA = """
app: {url: 'http://floor:8000/api/feed', token: {env: TOKEN}}
queue: {folder: queue}
sources:
  - type: opcua
    name: mills
    url: opc.tcp://localhost:4840
    login: {user: anna, password: {file: password}}
"""


@pytest.mark.parametrize('points', ['', '    points:\n', '    points: []\n'])
def test_points_that_are_still_to_be_found_out(tmp_path: Path, points: str) -> None:
    file = tmp_path / 'gateway.yaml'
    file.write_text(OPCUA + points)
    with pytest.raises(GatewayConfigError, match='browse lists what the server has'):
        read_config(file)
    config = read_config(file, needs_points=False)
    assert config.sources[0].points == ()
    assert config.app.url == 'http://floor:8000', 'to which the path of events is added'


def test_check_tells_of_two_statuses_of_a_machine_and_of_what_is_not_there(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv('TOKEN', 'lm_token_1')
    file = tmp_path / 'gateway.yaml'
    with_ca = OPCUA.replace('{env: TOKEN}', '{env: TOKEN}, ca: app.crt')
    file.write_text(with_ca + """    points: [{node: a, machine: M}, {node: b, machine: M}, {node: c, machine: N}]
  - {type: mqtt, name: b, host: h, tls: {ca: ca.crt}, points: [{topic: '{m}', machine: '{m}'}]}
""")
    assert main(['check', str(file)]) == 0
    output = capsys.readouterr()
    assert 'Several points report a status of M:' in output.out
    assert 'Source b (mqtt at h:8883):' in output.out
    assert len(output.err.splitlines()) == 3
    assert f'Not yet there: the certificates in {tmp_path}/app.crt cannot be read' in output.err
    assert f'Not yet there: {tmp_path}/password' in output.err
    assert f'Not yet there: a certificate or key cannot be read ({tmp_path}/ca.crt)' in output.err


def test_what_only_head_reads_ends_without_a_fault(tmp_path: Path) -> None:
    file = tmp_path / 'gateway.yaml'
    file.write_text(FILE)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([sys.executable, '-u', '-m', 'floor.gateway', 'check', file], stdout=writing,
                               stderr=subprocess.PIPE, env=os.environ | {'TOKEN': 'x'}, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b'')


def test_a_secret_is_in_a_file_of_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / 'token'
    file.write_text(' lm_token_1\n')
    file.chmod(0o644)
    with pytest.raises(GatewayConfigError, match='chmod 600'):
        Secret(file=file).read()
    file.chmod(0o600)
    assert Secret(file=file).read() == 'lm_token_1'
    with pytest.raises(GatewayConfigError, match='NOT_SET is not set'):
        Secret(env='NOT_SET').read()
    monkeypatch.setenv('NOT_SET', 'x')
    assert Secret(env='NOT_SET').read() == 'x'


@together(('pattern', 'topic', 'values'), [
    ('plant/{line}/{machine}/status', 'plant/L1/CNC 01/status', {'line': 'L1', 'machine': 'CNC 01'}),
    ('plant/{line}/{machine}/status', 'plant/L1/x/y/status', None),
    ('+/{m}', 'a/b', {'m': 'b'}), ('{m}/#', 'a/b/c', {'m': 'a'}), ('{m}/#', 'a', {'m': 'a'}), ('#', 'a/b', {}),
    ('x/pre-{m}', 'x/pre-7', {'m': '7'}), ('x/pre-{m}', 'x/7', None), ('a.b', 'axb', None), ('a/{m}', 'a/', None)])
def test_topics_match_patterns(pattern: str, topic: str, values: dict[str, str] | None) -> None:
    assert TopicPattern(pattern).match(topic) == values


def test_a_pattern_is_subscribed_to_with_wildcards() -> None:
    assert TopicPattern('plant/{line}/pre-{machine}/+/#').filter == 'plant/+/+/+/#'


@together(('path', 'value'), [('a.b', 1), ('$.a.b', 1), ('list[1].x', 3), ('["a.b"]', 4), ('a.c', None),
                              ('list.x', None), ('list[9]', None), ('a.b.c', None)])
def test_paths_lead_to_values(path: str, value: int | None) -> None:
    data = {'a': {'b': 1}, 'list': [2, {'x': 3}], 'a.b': 4}
    if value is None:
        with pytest.raises(LookupError):
            value_at(data, parse_path(path))
    else:
        assert value_at(data, parse_path(path)) == value


@together(('value', 'iso'), [
    ('2026-11-30T09:00:00+01:00', '2026-11-30T09:00:00+01:00'), ('2026-11-30T08:00:00Z', '2026-11-30T08:00:00+00:00'),
    ('2026-11-30T08:00:00', '2026-11-30T08:00:00+00:00'), (1_796_025_600, '2026-11-30T08:00:00+00:00'),
    (1_796_025_600_000, '2026-11-30T08:00:00+00:00'), ('1796025600.5', '2026-11-30T08:00:00.500000+00:00'),
    (1_796_025_600_000_000_000, '2026-11-30T08:00:00+00:00'), ('today', None), (None, None), (1e30, None), ('', None)])
def test_times_in_payloads(value: Any, iso: str | None) -> None:
    if iso is None:
        with pytest.raises(PayloadError):
            parse_time(value)
    else:
        assert parse_time(value).isoformat() == iso


def test_the_example_of_the_readme_is_a_configuration() -> None:
    text = (Path(__file__).parents[2] / 'floor' / 'gateway' / 'README.md').read_text()
    example = text.partition('```yaml\n')[2].partition('```')[0]
    assert example.count('\n') <= 15
    assert parse_config(example, 'gateway.yaml').sources[0].name == 'plant'
