"""Two test runs at once are never given the same port."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from pathlib import Path

import pytest
from ports import PORTS, free_port

MANY = 'import ports, sys; begin = int(sys.argv[1]); ports.PORTS = range(begin, begin + 10); ' \
       'print(*(ports.free_port() for _ in range(4)), flush=True); sys.stdin.read()'


@pytest.mark.skipif(sys.platform != 'linux', reason='reservations of ports need names of Linux')
async def test_what_one_process_was_given_no_other_is_until_it_ends() -> None:
    begin = random.choice(PORTS[:-10])  # so that two runs of this test have their own ports
    processes: list[asyncio.subprocess.Process] = []

    async def run() -> asyncio.subprocess.Process:
        processes.append(await asyncio.create_subprocess_exec(
            sys.executable, '-c', MANY, str(begin), cwd=Path(__file__).parents[1], stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE))
        return processes[-1]

    async def ports_of(process: asyncio.subprocess.Process) -> list[int]:
        assert process.stdout is not None
        return [int(port) for port in (await process.stdout.readline()).split()]

    try:
        given = await ports_of(await run()) + await ports_of(await run())
        assert len(given) == len(set(given)) == 8
        for process in processes:
            await process.communicate(b'')  # the end of its input ends it
        assert len(await ports_of(await run())) == 4
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.communicate()


def test_one_that_somebody_listens_on_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        listening.listen()
        taken, free = listening.getsockname()[1], free_port()
        monkeypatch.setattr('ports.PORTS', [taken])
        with pytest.raises(RuntimeError, match='is free'):
            free_port()
    assert free in PORTS
