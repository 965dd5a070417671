"""Which scope an API token needs for each operation of the REST interface.

An operation that is not here is refused to every token, and a test fails that compares this list with the interface: a
new one is not open by accident.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.routing import compile_path

from ...core.scopes import TokenScope

SCOPES: dict[str, tuple[TokenScope, ...]] = {
    **dict.fromkeys((
        'get_floor', 'list_machines', 'list_machine_statuses', 'list_employees', 'list_work_orders', 'get_work_order',
        'list_comments', 'list_events', 'get_attachment', 'list_lines', 'get_line', 'list_machine_types',
        'get_machine_type', 'list_plant_machines', 'get_plant_machine', 'list_plant_changes', 'get_plant', 'list_kpis',
        'list_kpi_definitions', 'list_stops', 'list_intervals', 'list_counts', 'list_icons', 'get_icon',
        'export_sheet', 'list_imports', 'get_employee', 'list_areas', 'list_feeds'), (TokenScope.READ,)),
    **dict.fromkeys(('create_work_order', 'update_work_order', 'add_comment', 'add_attachment'), (TokenScope.ORDERS,)),
    **dict.fromkeys((
        'update_plant', 'add_line', 'update_line', 'delete_line', 'add_machine_type', 'update_machine_type',
        'delete_machine_type', 'add_machine', 'update_machine', 'delete_machine', 'add_icon',
        'delete_icon', 'update_area'), (TokenScope.PLANT,)),
    **dict.fromkeys(('import_sheet', 'undo_import'), (TokenScope.PLANT, TokenScope.PEOPLE)),
    **dict.fromkeys(('add_employee', 'update_employee'), (TokenScope.PEOPLE,)),
    **dict.fromkeys(('report_statuses', 'report_status'), (TokenScope.FEED,))}
"""By operation id: a token needs one of them. Where there are two, the command checks which."""


class Operations:
    """The operations of an app, by method and path."""

    def __init__(self, paths: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        """paths: returns those of the OpenAPI description; called when the first token is used, in a thread, because
        pages would stand still meanwhile."""
        self._paths = paths
        self._known: list[tuple[re.Pattern[str], dict[str, str]]] | None = None
        self._compiling = asyncio.Lock()

    async def id_of(self, method: str, path: str) -> str | None:
        """The id of an operation; None: there is none. HEAD is a GET."""
        known = self._known or await self._compiled_once()
        method = 'GET' if method == 'HEAD' else method
        return next((ids[method] for pattern, ids in known if method in ids and pattern.match(path)), None)

    async def _compiled_once(self) -> list[tuple[re.Pattern[str], dict[str, str]]]:
        async with self._compiling:  # further requests wait for the first one
            if self._known is None:
                self._known = await asyncio.to_thread(self._compiled)
            return self._known

    def _compiled(self) -> list[tuple[re.Pattern[str], dict[str, str]]]:
        return [(compile_path(path)[0], {method.upper(): operation['operationId']
                                         for method, operation in operations.items()})
                for path, operations in self._paths().items()]


def refusal_of(scopes: frozenset[TokenScope], operation: str | None) -> str:
    """Why a token with these scopes is refused; empty: it is not."""
    needed = SCOPES.get(operation or '', ())
    if operation is None:
        return 'a token opens what is in /docs, by the methods that are there, and nothing else'
    if not needed:
        return 'no token can do this: a supervisor can, on a page'
    if any(scope.includes.intersection(needed) for scope in scopes):
        return ''
    return f'this requires a token with the scope {" or ".join(needed)}; this token has {", ".join(sorted(scopes))}'
