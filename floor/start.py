"""How the process starts and ends, for `line-monitor` and main.py."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn


def start() -> NoReturn:
    """Run the whole program, for `line-monitor` and main.py."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # which a container's first process would ignore
        is_server = not sys.argv[1:] or sys.argv[1] == 'run' or sys.argv[1].startswith('-')
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0 if is_server else 128 + signal.SIGTERM))
    from .command_line import main  # noqa: PLC0415 (takes half a second)

    finish(main())


def finish(status: int) -> NoReturn:
    """End the process now: exit functions run and output is flushed, but no object is finalized."""
    atexit._run_exitfuncs()  # noqa: SLF001 (there is no public way)
    for stream in sys.stdout, sys.stderr:
        with suppress(OSError, ValueError, AttributeError):  # a closed pipe, a closed file, or no output
            stream.flush()
    os._exit(status)
