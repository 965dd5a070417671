"""What this program is called, and which version of it runs."""

import importlib.metadata
import tomllib
from pathlib import Path

NAME = 'Line Monitor'
PROJECT = Path(__file__).parents[2] / 'pyproject.toml'


def program_version() -> str:
    """As pyproject.toml says, which stands beside us wherever we run from a checkout; else as pip installed it."""
    if PROJECT.exists():
        project = tomllib.loads(PROJECT.read_text(encoding='utf-8')).get('project', {})
        if project.get('name') == 'line-monitor':
            return str(project['version'])
    return importlib.metadata.version('line-monitor')
