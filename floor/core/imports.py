"""Imports without packages that a library uses only if they are there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_if_missing(*names: str) -> Iterator[None]:
    """Within the block, importing these packages raises ImportError, unless they were imported before."""
    missing = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type] # None, as the documentation says
    try:
        yield
    finally:
        for name in missing:
            sys.modules.pop(name, None)
