"""Returns free memory to the operating system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def collect_and_give_back() -> None:
    """Run a collection, except of frozen objects, and return free memory, which the C library would keep."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):  # only glibc has malloc_trim
        ctypes.CDLL(None).malloc_trim(0)
