"""How the process ends: in its own process, because it really does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANGS_S = 60.0
"""Only a process that never ends takes so long."""
NEVER = 'threading.Event().wait()'
PRELUDE = """
import atexit, logging, os, signal, sys, threading, time
from floor.operations.shutdown import Shutdown
from floor.start import finish
def say(text):
    os.write(1, (text + '\\n').encode())
"""


class Child:
    """Python that runs this code, and what it wrote."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen([sys.executable, '-c', PRELUDE + code], cwd=ROOT, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def until(self, line: str) -> None:
        """Wait until it says so."""
        assert self.process.stdout is not None
        for output in self.process.stdout:
            if output.strip() == line:
                return
        raise AssertionError(f'it ended and never printed {line}')

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Its exit status, and what else it wrote."""
        try:
            output, _ = self.process.communicate(timeout=HANGS_S)
        finally:
            self.process.kill()
        return self.process.returncode, output


def test_output_is_written_and_exit_functions_run_but_no_object_is_taken_apart() -> None:
    child = Child("""
class Element:
    def __del__(self):
        say('taken apart')
page = Element()
atexit.register(say, 'exit function')
threading.Thread(target=threading.Event().wait).start()
sys.stdout = open(1, 'w', closefd=False)
sys.stdout.write('written')
finish(3)
""")
    assert child.end() == (3, 'exit function\nwritten')


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_what_is_open_is_closed_in_order_however_often_it_is_asked(number: signal.Signals) -> None:
    child = Child("""
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with Shutdown(within=3600).on_signal():
        try:
            say('open')
            threading.Event().wait()
        finally:
            say('closing')
            for number in signal.SIGTERM, signal.SIGINT:
                signal.raise_signal(number)
            say('closed')
except KeyboardInterrupt:
    say('stopped')
finish(0)
""")
    child.until('open')
    child.send(number)
    assert child.end() == (0, 'closing\nclosed\nstopped\n')


@pytest.mark.parametrize('hanging', [
    f'{NEVER}',                                                         # a database that does not answer
    f'threading.Thread(target=lambda: {NEVER}).start()',                # a name that is not resolved
    "os.set_blocking(1, True)\nwhile True: os.write(full, b'x' * 4096)",  # a terminal that takes no more
])
def test_what_does_not_close_is_cut_off(hanging: str) -> None:
    child = Child(f"""
logging.basicConfig()
full = os.pipe()[1]
try:
    with Shutdown(within=0.1).on_signal():
        say('open')
        threading.Event().wait()
except KeyboardInterrupt:
    pass
{hanging}
threading.Event().wait()
""")
    child.until('open')
    child.send(signal.SIGTERM)
    status, output = child.end()
    assert status == 0
    assert 'shutdown took longer than 0.1 s: the rest is abandoned' in output


def test_it_ends_although_nobody_reads_its_log() -> None:
    child = Child("""
reads, full = os.pipe()
os.set_blocking(full, False)
try:
    while True:
        os.write(full, b'x' * 4096)
except BlockingIOError:
    os.set_blocking(full, True)
logging.basicConfig(stream=os.fdopen(full, 'w'))
try:
    with Shutdown(within=0.1).on_signal():
        say('open')
        threading.Event().wait()
except KeyboardInterrupt:
    logging.warning('stopped')
""")
    child.until('open')
    child.send(signal.SIGTERM)
    assert child.end() == (0, '')


def test_the_web_server_s_own_handler_is_called_once_and_the_time_runs() -> None:
    child = Child("""
shutdown = Shutdown(within=0.1)
with shutdown.on_signal():
    signal.signal(signal.SIGTERM, lambda *_: say('the server ends'))
    shutdown.watch_server()
    say('open')
    while True:
        signal.pause()
""")
    child.until('open')
    child.send(signal.SIGTERM)
    status, output = child.end()
    assert (status, output.splitlines()[0]) == (0, 'the server ends')


def test_without_a_signal_the_handlers_are_as_before() -> None:
    child = Child("""
before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
with Shutdown().on_signal():
    pass
say(str(before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))))
""")
    assert child.end() == (0, 'True\n')


@pytest.mark.parametrize(('arguments', 'status'), [([], 0), (['--port', '1'], 0), (['backup', 'x'], 143)])
def test_a_signal_before_anything_has_begun_ends_it_too(arguments: list[str], status: int) -> None:
    """The first process of a container ignores signals that it has no handler for."""
    child = Child(f"""
import importlib.abc
sys.argv = ['line-monitor', *{arguments!r}]
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == 'floor.command_line':
            say('loading')
            threading.Event().wait()
sys.meta_path.insert(0, Slow())
from floor.start import start
start()
""")
    child.until('loading')
    child.send(signal.SIGTERM)
    assert child.end() == (status, '')


def test_a_request_for_a_password_that_hangs_does_not_keep_it_from_ending() -> None:
    child = Child("""
import asyncio
from auth.lakebase import Address, Lakebase
from auth.workspace import LakebaseResource

async def main():
    lakebase = Lakebase(LakebaseResource(instance='x'), Address(1, 'x'), patience=0.1,
                        ask=lambda place: threading.Event().wait())
    try:
        await lakebase.password()
    except Exception as error:
        say(type(error).__name__)

asyncio.run(main())
""")
    assert child.end() == (0, 'DatabaseUnavailableError\n')
