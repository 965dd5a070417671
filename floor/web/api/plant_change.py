"""A PATCH or DELETE of the plant, a line, machine type or machine: its parameters, and the item in the response."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path, Query

from ...core.plant_calendar import PlantSettings
from ...plant.plant_items import MachineType, PlantMachine, ProductionLine
from .order_forms import MAX_VERSION
from .plant_answers import LineAnswer, MachineTypeAnswer, PlantAnswer, PlantMachineAnswer

Item = ProductionLine | MachineType | PlantMachine
ItemId = Annotated[int, Path(ge=1, le=2**31 - 1, description='Its id.', examples=[2])]
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'], description=(
    'The ETag that the change is based on, instead of version: 412 if it is outdated.'))]
SeenVersion = Annotated[int | None, Query(ge=1, le=MAX_VERSION, examples=[1], description=(
    'The version that the change is based on: 409 if it is outdated. Required without If-Match.'))]


def name_of(item: Item | PlantSettings) -> str:
    """What a message calls it."""
    return 'the plant' if isinstance(item, PlantSettings) else item.name


def answer_of(item: object) -> PlantAnswer | LineAnswer | MachineTypeAnswer | PlantMachineAnswer:
    """The item as the responses have it."""
    if isinstance(item, PlantSettings):
        return PlantAnswer.of(item)
    if isinstance(item, ProductionLine):
        return LineAnswer.model_validate(item)
    if isinstance(item, MachineType):
        return MachineTypeAnswer.model_validate(item)
    return PlantMachineAnswer.model_validate(item)
