"""What a database of a release holds, in numbers that a later version must find again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from floor.analytics import Analytics, Window
from floor.core.settings import Settings
from floor.db.database import Database
from floor.feed.snapshot import read_floor

BOOKKEEPING = ('schema_migrations', 'schema_functions')
"""Tables that an upgrade changes."""
OF_THEN = {'machine_types': 'WHERE micro_stop IS NOT NULL'}
"""Tables to which an upgrade adds rows, and which of them the release had: one for each type of a machine."""
COLUMNS = """
    SELECT table_name, array_agg(quote_ident(column_name) ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> ALL ($1)
    GROUP BY table_name ORDER BY table_name"""
CHECKSUM = "md5(coalesce(string_agg(each::text, '|' ORDER BY each::text), ''))"
FIGURES = ('covered', 'coverage', 'uptime_share', 'availability', 'down', 'failures', 'micro_stops', 'mtbf', 'mttr',
           'ongoing')


async def contents(settings: Settings, window: Window, columns: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Rows and a checksum of each table, the KPIs of a window, and the floor as pages show it.

    columns: by table, those that the release had; None: those that there are.
    """
    database = Database(settings.database_url, settings)
    try:
        async with database.acquire() as connection:
            await connection.execute("SET timezone = 'UTC'")
            columns = columns or {row['table_name']: row['columns'] for row in
                                  await connection.fetch(COLUMNS, BOOKKEEPING)}
            tables = {}
            for table, names in columns.items():
                rows = f'SELECT {", ".join(names)} FROM {table} {OF_THEN.get(table, "")}'
                query = f'SELECT count(*), {CHECKSUM} FROM ({rows}) AS each'
                (count, checksum), = await connection.fetch(query)
                tables[table] = {'columns': names, 'rows': count, 'checksum': checksum}
            floor = await read_floor(connection, database.queries)
        analytics = Analytics(database, now=window.end)
        return {
            'tables': tables,
            'kpis': {'floor': _figures(await analytics.kpis(window)),
                     **{str(line.line): _figures(line.kpis) for line in await analytics.lines(window)},
                     **{machine.machine: _figures(machine.kpis) for machine in await analytics.machine_kpis(window)}},
            'causes': [[cause.reason, round(cause.seconds, 3), cause.count]
                       for cause in await analytics.causes(window)],
            'floor': [[machine.name, machine.line, machine.status.value, machine.reason, machine.since_ms]
                      for machine in floor.machines],
            'orders': sorted([order.id, order.machine, order.status.value] for order in floor.orders)}
    finally:
        await database.close()


def window_of(expected: dict[str, Any]) -> Window:
    """The window of the KPIs."""
    start, end = map(datetime.fromisoformat, expected['window'])
    return Window(start, end)


def _figures(kpis: Any) -> dict[str, Any]:
    values = {name: getattr(kpis, name) for name in FIGURES}
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
