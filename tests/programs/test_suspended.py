"""A process and its children stand still, whichever of the children end meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from database.postgres import until
from suspended import suspended

PARENT = """
import subprocess, sys
children = [subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE) for _ in range(2)]
print('started', flush=True)
for line in sys.stdin:
    children[0].communicate()
    print('one has ended', flush=True)
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process with two children; a line ends one of them."""
    with subprocess.Popen([sys.executable, '-c', PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        children = psutil.Process(process.pid).children()
        yield process
        for child in children:
            if child.is_running():
                child.kill()
        process.kill()


def end_a_child(parent: subprocess.Popen[str]) -> None:
    assert parent.stdin is not None and parent.stdout is not None
    parent.stdin.write('\n')
    parent.stdin.flush()
    parent.stdout.readline()


def stands(process: psutil.Process) -> bool:
    """The kernel stops a process a moment after the signal."""
    return bool(process.status() == psutil.STATUS_STOPPED)


async def test_all_of_them_stand_still_and_go_on(parent: subprocess.Popen[str]) -> None:
    process = psutil.Process(parent.pid)
    everybody = [process, *process.children()]

    with suspended(process):
        await until(lambda: all(map(stands, everybody)))

    await until(lambda: not any(map(stands, everybody)))


async def test_a_child_that_has_ended_is_left_out(
        parent: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    process = psutil.Process(parent.pid)
    gone, other = process.children()
    end_a_child(parent)
    assert not gone.is_running()
    monkeypatch.setattr(process, 'children', lambda recursive: [gone, other])  # as they were a moment ago

    with suspended(process):
        await until(lambda: stands(other))

    await until(lambda: not stands(other))


async def test_a_child_that_is_killed_while_all_stand_still_is_no_error(parent: subprocess.Popen[str]) -> None:
    process = psutil.Process(parent.pid)
    victim, other = process.children()

    with suspended(process):
        victim.kill()
        await until(lambda: victim.status() == psutil.STATUS_ZOMBIE)

    await until(lambda: not stands(other))
