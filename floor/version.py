"""Which version of this program runs."""

import importlib.metadata
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / 'pyproject.toml'


def program_version() -> str:
    """As pyproject.toml says, which stands beside us wherever we run from a checkout; else as pip installed it."""
    if PROJECT.exists():
        return str(tomllib.loads(PROJECT.read_text(encoding='utf-8'))['project']['version'])
    return importlib.metadata.version('line-monitor')
