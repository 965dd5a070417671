"""What `python -m simulator` prints."""

import io
from datetime import UTC, datetime

from rich.console import Console

from simulator.runner import Update
from simulator.terminal import Terminal, coloured, plain

STOP = Update('Valve_01_01', 'down', 'Pin stuck', was='operational', lasted=125.4)
REPAIRED = Update('Valve_01_01', 'operational', None, was='down', lasted=3.2)
NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_people_see_time_shape_machine_word_reason_and_how_long() -> None:
    words = coloured(STOP, NOON).plain.split()
    assert words == '12:00:00 ■ Valve_01_01 Down Pin stuck after 2 min 05 s running'.split()


def test_programs_get_plain_columns() -> None:
    assert plain(STOP, NOON).split('\t') == [
        '2026-03-01T12:00:00.250+00:00', 'Valve_01_01', 'down', 'Pin stuck', 'after 2 min 05 s running']
    assert plain(REPAIRED, NOON).split('\t')[2:] == ['operational', '-', 'after 3 s down']


def test_no_colour_codes_leave_for_a_file() -> None:
    at_terminal, in_file = (io.StringIO() for _ in range(2))
    Terminal(Console(file=at_terminal, force_terminal=True, color_system='standard'), lambda: UTC).show(STOP)
    Terminal(Console(file=in_file, force_terminal=False), lambda: UTC).show(STOP)
    assert '\x1b[' in at_terminal.getvalue()
    assert '\x1b[' not in in_file.getvalue()
    assert in_file.getvalue().count('\n') == 1
