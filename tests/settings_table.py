"""Writes the tables of settings in README.md and floor/README.md: `python -m tests.settings_table`.

A table stands between two markers; what is outside of them is written by people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from floor.core.settings import Settings, shown_default

ROOT = Path(__file__).parents[1]
BEGIN, END = '<!-- settings: python -m tests.settings_table -->\n', '<!-- end of settings -->'
BETWEEN = re.compile(f'(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})', re.DOTALL)
CHANGED_MOST = ('host', 'port', 'allowed_hosts', 'database_url', 'data_dir', 'plant_timezone', 'shifts', 'default_role',
                'machine_silent_after', 'auto_work_order_after', 'retention_days', 'new_floor', 'enable_simulator')
TABLES = {ROOT / 'README.md': CHANGED_MOST, ROOT / 'floor' / 'README.md': tuple(Settings.model_fields)}


def table(names: Iterable[str]) -> str:
    """A row for each of these fields of Settings."""
    rows = (f'| `{name.upper()}` | {default(name)} | {Settings.model_fields[name].description} |\n' for name in names)
    return f'| variable | default | meaning |\n|---|---|---|\n{"".join(rows)}'


def default(name: str) -> str:
    """What holds without the variable; empty: nothing."""
    value = Settings.model_fields[name].get_default()
    if text := shown_default(name):
        return text
    return f'`{str(value).lower() if isinstance(value, bool) else value}`' if value or value is False else ''


def with_table(text: str, names: Iterable[str]) -> str:
    """The text with the table as it should be."""
    parts = BETWEEN.findall(text)
    if len(parts) != 1:
        raise ValueError(f'{len(parts)} tables between {BEGIN.strip()} and {END}')
    return text.replace(BEGIN + parts[0] + END, BEGIN + table(names) + END)


if __name__ == '__main__':
    for path, names in TABLES.items():
        path.write_text(with_table(path.read_text(), names))
