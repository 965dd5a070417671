"""Responses about something with a version: its ETag, its address, and what it is now after a conflict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response

from ...core.errors import EditConflictError
from ..http.entity_tags import tag_of, tag_of_version
from .floor_api import database_errors
from .people_answers import EmployeeAnswer
from .plant_answers import LineAnswer, MachineTypeAnswer, PlantAnswer, PlantMachineAnswer
from .problems import Current, problem
from .versioned_change import Versioned, VersionMismatchError


class Numbered(Versioned, Protocol):
    """Something with an id and a version."""

    @property
    def id(self) -> int:
        """Stays the same."""


Answer = TypeVar('Answer', PlantAnswer, LineAnswer, MachineTypeAnswer, PlantMachineAnswer, EmployeeAnswer)
Item = TypeVar('Item', bound=Numbered)


def tagged(response: Response, answer: Answer) -> Answer:
    """An answer, with its ETag in the headers."""
    response.headers['ETag'] = tag_of(answer.model_dump_json().encode(), answer.version)
    return answer


def created(request: Request, response: Response, item: Item) -> Item:
    """Something new, with its address and its ETag in the headers."""
    response.headers['Location'] = f'{request.url.path}/{item.id}'
    response.headers['ETag'] = tag_of_version(item.version)
    return item


async def answered(seconds: float, response: Response, answer_of: Callable[[Any], Current],
                   making: Awaitable[Versioned | None]) -> Any:
    """The item after a change, or the problem of a conflict. seconds: for the database. response: gets the ETag, or
    answers a deletion. answer_of: the item as responses have it."""
    try:
        async with database_errors(seconds):
            item = await making
    except EditConflictError as conflict:
        return problem(409, str(conflict), current=answer_of(conflict.current))
    except VersionMismatchError as mismatch:
        return problem(412, str(mismatch), current=answer_of(mismatch.current))
    if item is None:
        return response
    response.headers['ETag'] = tag_of_version(item.version)
    return answer_of(item)
