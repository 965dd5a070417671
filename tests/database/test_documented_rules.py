"""The tables of floor/orders/README.md and auth/README.md say what the database and the commands hold people to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import asyncpg

ROOT = Path(__file__).parents[2]
ORDERS = (ROOT / 'floor' / 'orders' / 'README.md').read_text()


def rows(heading: str) -> set[tuple[str, ...]]:
    """The rows of the first table below a heading, in lower case."""
    table = re.search(r'^\|[-|]+\|\n((?:\|.*\|\n)+)', ORDERS.partition(f'## {heading}\n')[2], re.MULTILINE)
    assert table is not None, heading
    return {tuple(cell.strip() for cell in row[1:-1].split('|')) for row in table[1].splitlines()}


async def test_the_transitions_are_those_of_the_database(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    stored = await connection.fetch('SELECT from_status, to_status, role, within FROM work_order_moves')
    await connection.close()
    assert rows('Statuses') == {
        (move['from_status'].replace('_', ' '), move['to_status'].replace('_', ' '), move['role'],
         f'{move["within"].days} days' if move['within'] else '') for move in stored}


async def test_the_due_times_are_those_of_a_new_floor(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    stored = await connection.fetch('SELECT priority, due_within FROM work_order_priorities')
    await connection.close()
    assert rows('Due times') == {(row['priority'], f'{row["due_within"] // timedelta(hours=1)} h') for row in stored}
