"""Where a fault is played, and how: the program as it is, and beside it the program with one thing in it broken."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from browser.program import Program
from database.postgres import Server

from . import checker
from .history import History

LAUNCHER = Path(__file__).with_name('mutated.py')
QUICK_HEARTBEAT_S = 0.5
QUICK_PATIENCE_S = 4.5
"""D where the heartbeat is quick: the beat, its time-out of 2 s, and slack for a busy machine."""


@dataclass(slots=True)
class Stage:
    """A its own database, a folder, and the program that is to be run."""

    server: Server
    folder: Path
    mutation: str | None
    """What is broken in the program; None: nothing."""
    quick: bool
    programs: list[Program] = field(default_factory=list)

    @property
    def patience(self) -> float:
        """D for this run, in seconds."""
        return QUICK_PATIENCE_S if self.quick else checker.D

    def program(self, name: str = 'program', *, under: str | None = None, **settings: str) -> Program:
        """The program, not yet started. Programs of one stage share their data folder.

        under: a condition of mutated.py that it runs under, whole or broken."""
        quick = {'LISTEN_HEARTBEAT_SECONDS': str(QUICK_HEARTBEAT_S)} if self.quick else {}
        program = Program(self.folder, log=name, **{'LOG_LEVEL': 'warning', 'DB_POOL_SIZE': '2', 'DB_MAX_OVERFLOW': '3',
                                                    **quick, **settings})
        if patches := [patch for patch in (under, self.mutation) if patch is not None]:
            program.command = [str(LAUNCHER), *patches]
        self.programs.append(program)
        return program


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. play does it to a stage and returns what happened."""

    name: str
    done: str
    """What is done, for the table; {} are figures of the history."""
    mutation: str
    """What, broken in the program, makes it fail."""
    promise: str
    """What the checker then finds broken: I1 to I5, or the beginning of what the fault itself promises."""
    play: Callable[[Stage], Awaitable[History]]
    impossible: Callable[[], str | None] = lambda: None
    """Why it can't be played here."""
    short: bool = True
    """Whether it is over within seconds when it is quick, and so part of the test suite."""
    heavy: bool = False
    """Whether it needs the machine for itself: the broken program then runs after the whole one, not beside it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a fault."""

    fault: Fault
    history: History
    violations: list[str]
    """Of the program as it is: there must be none."""
    found: list[str]
    """Of the broken program: there must be the one that the fault expects."""

    @property
    def mutation_found(self) -> bool:
        """Whether the test could have failed."""
        return any(each.startswith(self.fault.promise) for each in self.found)

    @property
    def recovery(self) -> list[float]:
        """Seconds from the end of each fault until a view was right and live."""
        return checker.recoveries(self.history)

    @property
    def lost(self) -> int:
        """Acknowledged writes that are not in the database."""
        return len(checker.acknowledged_writes_are_kept(self.history))


async def run(fault: Fault, server: Server, *, quick: bool) -> Outcome:
    """Both runs at once, since a fault is mostly waiting. The broken program need not suffer for long."""
    runs = _play(fault, server, None, quick), _play(fault, server, fault.mutation, True)
    (history, violations), (_, found) = [await each for each in runs] if fault.heavy else await asyncio.gather(*runs)
    return Outcome(fault, history, violations, found)


async def _play(fault: Fault, server: Server, mutation: str | None, quick: bool) -> tuple[History, list[str]]:
    stage = Stage(server, _new_folder(), mutation, quick)
    try:
        history = await fault.play(stage)
        return history, checker.violations(history, stage.patience)
    except Exception as error:
        output = '\n'.join(program.log for program in stage.programs)
        raise RuntimeError(f'{fault.name} with {mutation or "nothing"} broken could not be played: {error!r}. The '
                           f'output of the program:\n{output[-3000:]}') from error
    finally:
        for program in stage.programs:
            await asyncio.to_thread(program.stop)
        shutil.rmtree(stage.folder, ignore_errors=True)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix='floor-'))   # a short name: it holds a socket
    folder.chmod(0o755)   # the server's own user passes through
    return folder
