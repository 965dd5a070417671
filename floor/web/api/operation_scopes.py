"""Which scope an API token needs for each operation of the REST interface.

An operation that is not here is refused to every token, and a test fails that compares this list with the interface: a
new one is not open by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Scope as RequestScope

from ...core.scopes import Scope

SCOPES: dict[str, Scope | None] = {
    **dict.fromkeys((
        'get_floor', 'list_machines', 'list_machine_statuses', 'list_employees', 'list_work_orders', 'get_work_order',
        'list_comments', 'list_events', 'get_attachment', 'list_lines', 'get_line', 'list_machine_types',
        'get_machine_type', 'list_plant_machines', 'get_plant_machine', 'list_plant_changes', 'list_kpis',
        'list_kpi_definitions', 'list_stops', 'list_intervals'), Scope.READ),
    **dict.fromkeys(('create_work_order', 'update_work_order', 'add_comment', 'add_attachment'), Scope.ORDERS),
    **dict.fromkeys((
        'add_line', 'update_line', 'delete_line', 'add_machine_type', 'update_machine_type', 'delete_machine_type',
        'add_machine', 'update_machine', 'delete_machine'), Scope.PLANT)}
"""By operation id. None: refused to every token, as what changes people or access."""


def operation_of(routes: Sequence[BaseRoute], request: RequestScope) -> str | None:
    """The id of the operation of a request; None: it is none of the REST interface. HEAD is a GET."""
    asked: dict[str, Any] = {**request, 'method': 'GET' if request['method'] == 'HEAD' else request['method']}
    for route in routes:
        if isinstance(route, APIRoute) and route.matches(asked)[0] is Match.FULL:
            return route.operation_id
    return None


def refusal_of(scopes: frozenset[Scope], operation: str | None) -> str:
    """Why a token with these scopes is refused; empty: it is not."""
    needed = SCOPES.get(operation or '')
    if operation is None:
        return 'a token opens the paths of the REST interface, which are in /docs, and nothing else'
    if needed is None:
        return 'no token can do this: a supervisor can, on a page'
    if any(needed in scope.includes for scope in scopes):
        return ''
    return f'this requires a token with the scope {needed}; this token has {", ".join(sorted(scopes))}'
