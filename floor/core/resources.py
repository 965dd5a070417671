"""Location of the files that are not Python: sql/ and assets/."""

from __future__ import annotations

from pathlib import Path


def resource_folder(name: str) -> Path:
    """Inside this package if installed as a wheel, beside it in a checkout."""
    installed = Path(__file__).parents[1] / name
    return installed if installed.is_dir() else Path(__file__).parents[2] / name
