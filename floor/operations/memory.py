"""Memory that is free again, given back to the operating system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def collect_and_give_back() -> None:
    """Free what only a collection frees, apart from what is frozen, and return it: the C library would keep it."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):  # only glibc has this function
        ctypes.CDLL(None).malloc_trim(0)
