"""A PATCH or DELETE of a line, machine type or machine: the version that it is based on, and the errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Header, HTTPException, Path, Query

from ...core.errors import EditConflictError
from ...plant.plant_items import MachineType, PlantMachine, ProductionLine
from ..http.entity_tags import tag_of_version, versions_in
from .order_change import VersionMismatchError
from .order_forms import MAX_VERSION
from .plant_answers import LineAnswer, MachineTypeAnswer, PlantMachineAnswer

Item = ProductionLine | MachineType | PlantMachine
Result = TypeVar('Result')
ItemId = Annotated[int, Path(ge=1, le=2**31 - 1, description='Its id.', examples=[2])]
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'], description=(
    'The ETag that the change is based on, instead of version: 412 if it is outdated.'))]
SeenVersion = Annotated[int | None, Query(ge=1, le=MAX_VERSION, examples=[1], description=(
    'The version that the change is based on: 409 if it is outdated. Required without If-Match.'))]


async def change(read: Callable[[], Awaitable[Item]], make: Callable[[int], Awaitable[Result]], seen: int | None,
                 if_match: str | None) -> Result:
    """Make a change based on a version. read: the item as it is. make: takes the version. seen: the version of the
    request, if it has one.

    :raises VersionMismatchError: If-Match is outdated
    :raises EditConflictError: the version is outdated
    """
    if if_match is None and seen is None:
        raise HTTPException(428, 'the version is missing: send version, or the ETag in the header If-Match')
    version = seen
    if if_match is not None:
        item, versions = await read(), versions_in(if_match)
        if versions is not None and item.version not in versions:
            raise VersionMismatchError(
                f'If-Match does not match the current version of {item.name}, whose ETag is '
                f'{tag_of_version(item.version)}: compare your change with current, then send that tag', item)
        version = item.version if seen is None else seen
    assert version is not None  # noqa: S101 (one of the two is there)
    try:
        return await make(version)
    except EditConflictError as conflict:
        if seen is None:  # changed after the check of If-Match
            raise VersionMismatchError(str(conflict), conflict.current) from conflict
        raise


def answer_of(item: object) -> LineAnswer | MachineTypeAnswer | PlantMachineAnswer:
    """The item as the responses have it."""
    if isinstance(item, ProductionLine):
        return LineAnswer.model_validate(item)
    if isinstance(item, MachineType):
        return MachineTypeAnswer.model_validate(item)
    return PlantMachineAnswer.model_validate(item)
