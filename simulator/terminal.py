"""What `python -m simulator` prints: colours and shapes at a terminal, plain lines for programs and files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from rich.console import Console
from rich.text import Text

from floor.core.formatting import duration
from simulator.runner import Update
from simulator.simulated_machine import Status

LOOKS: dict[Status, tuple[str, str, str]] = {
    'operational': ('●', 'Running', 'green'),
    'warning': ('▲', 'Warning', 'yellow'),
    'down': ('■', 'Down', 'bold red'),
}


class Terminal:
    """Prints one line per change."""

    def __init__(self, console: Console, zone: Callable[[], tzinfo]) -> None:
        """zone: returns the plant's time zone."""
        self._console = console
        self._zone = zone

    def show(self, update: Update) -> None:
        """The change of one machine, as happening now."""
        now = datetime.now(self._zone())
        if self._console.is_terminal:
            self._console.print(coloured(update, now))
        else:
            print(plain(update, now), file=self._console.file, flush=True)


def coloured(update: Update, now: datetime) -> Text:
    """For people: 11:36:13 ▲ Valve_01_01 Warning Supply air low · after 2 min 05 s running."""
    shape, word, colour = LOOKS[update.status]
    line = Text()
    line.append(f'{now:%H:%M:%S}  ', style='dim')
    line.append(f'{shape} ', style=colour)
    line.append(f'{update.machine:<24}')
    line.append(f'{word:<9}', style=colour)
    line.append(f'{update.reason or "":<32}')
    line.append(since(update), style='dim')
    return line


def plain(update: Update, now: datetime) -> str:
    """For programs: time with zone, machine, status, reason or -, after how long; separated by tabs."""
    moment = now.isoformat(timespec='milliseconds')
    return '\t'.join([moment, update.machine, update.status, update.reason or '-', since(update)])


def since(update: Update) -> str:
    """after 2 min 05 s running."""
    before = 'no signal' if update.was is None else LOOKS[update.was][1].lower()
    return f'after {duration(update.lasted)} {before}'
