"""The named queries of sql/queries, and how the files of sql are read."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import aiosql

from ..core.resources import resource_folder
from .queries import Queries

SQL = resource_folder('sql')
DEFAULT_FEED_TABLE = 'machine_feed_stream'

TRIGGER_STATEMENT = re.compile(
    r'^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s+(\w+)\s[^;]*?\bON\s+(\w+)',
    re.IGNORECASE | re.MULTILINE)


def read_sql(path: Path, feed_table: str) -> str:
    """An SQL file of the project; DEFAULT_POSTGRES_TABLE, if set, replaces the feed table's name."""
    text = path.read_text(encoding='utf-8')
    return text if feed_table == DEFAULT_FEED_TABLE else re.sub(rf'\b{DEFAULT_FEED_TABLE}\b', feed_table, text)


@cache
def load_queries(feed_table: str = DEFAULT_FEED_TABLE) -> Queries:
    """Every block of sql/queries, each an awaitable taking a connection and its arguments by name."""
    text = '\n'.join(read_sql(path, feed_table) for path in sorted((SQL / 'queries').glob('*.sql')))
    triggers = ', '.join(f"('{table}', '{name}')" for table, name in defined_triggers(feed_table))
    queries: Any = aiosql.from_str(text.replace("('table', 'trigger')", triggers), 'asyncpg')
    return cast(Queries, queries)


def defined_triggers(feed_table: str = DEFAULT_FEED_TABLE) -> list[tuple[str, str]]:
    """The table and the name of each trigger in sql/functions."""
    return sorted((table.lower(), name.lower()) for path in sorted((SQL / 'functions').glob('*.sql'))
                  for name, table in TRIGGER_STATEMENT.findall(read_sql(path, feed_table)))
