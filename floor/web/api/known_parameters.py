"""Refuses unknown query parameters, so that misspelt ones are not ignored."""

from __future__ import annotations

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from ...core.query_parameters import Query


async def known_parameters(request: Request) -> None:
    """A dependency of routers. Routes with their own description of parameters parse and check them themselves.

    :raises QueryError: the path does not have one of these parameters
    """
    route = request.scope.get('route')
    if isinstance(route, APIRoute) and 'parameters' not in (route.openapi_extra or {}):
        Query(request.query_params, _names(route.dependant)).check()


def _names(dependant: Dependant) -> list[str]:
    """The names of the query parameters of a route and its dependencies."""
    own = [str(field.alias) for field in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _names(each)]
