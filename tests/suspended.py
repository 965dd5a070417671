"""Processes that stand still for a while, as on a machine that is paused or swaps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


@contextmanager
def suspended(parent: psutil.Process) -> Iterator[None]:
    """SIGSTOP of a process and of all its children, SIGCONT at the end.

    The parent first: it starts no other child then. A child may end on its own at any moment, as sessions of PostgreSQL
    and its workers do; that is no error.
    """
    stopped: list[psutil.Process] = []
    try:
        parent.suspend()
        stopped.append(parent)
        for child in parent.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.suspend()
                stopped.append(child)
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()
