"""The program's name and version."""

import importlib.metadata
import tomllib
from functools import cache
from pathlib import Path

NAME = 'Line Monitor'
FIRST_RELEASE = '0.2.0'
PROJECT = Path(__file__).parents[2] / 'pyproject.toml'


@cache
def program_version() -> str:
    """From pyproject.toml in a checkout, else from the installed package."""
    if PROJECT.exists():
        project = tomllib.loads(PROJECT.read_text(encoding='utf-8')).get('project', {})
        if project.get('name') == 'line-monitor':
            return str(project['version'])
    return importlib.metadata.version('line-monitor')
