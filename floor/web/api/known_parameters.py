"""Parameters that a path of the REST interface does not have are refused: misspelt ones would be left out silently."""

from __future__ import annotations

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from ...core.query_parameters import Query


def known_parameters(request: Request) -> None:
    """For the dependencies of a router. A path that describes its parameters itself reads them itself.

    :raises QueryError: the path does not have one of these parameters
    """
    route = request.scope.get('route')
    if isinstance(route, APIRoute) and 'parameters' not in (route.openapi_extra or {}):
        Query(request.query_params, _names(route.dependant)).check()


def _names(dependant: Dependant) -> list[str]:
    """Of the parameters that a path or its dependencies take from the query."""
    own = [str(field.alias) for field in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _names(each)]
