"""REST routes of areas: /api/plant/areas. An area is added with its first line, and goes with its last."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ...core.people import Identity
from ...plant.plant_commands import PlantCommands
from .floor_api import database_errors
from .plant_answers import AreaAnswer
from .plant_forms import AreaPatch
from .problems import documented


def add_areas(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    """Add the paths."""
    @router.get('/areas', summary='Areas in their order', operation_id='list_areas')
    async def list_areas() -> list[AreaAnswer]:
        """Chapters of the floor, with their lines. A line is put into one by its own area."""
        async with database_errors(timeout):
            return [AreaAnswer.model_validate(each) for each in await plant.areas()]

    @router.patch('/areas', summary='Rename or move an area', operation_id='update_area',
                  responses=documented(400, 404, 413, 415, 429))
    async def update_area(patch: AreaPatch, who: Identity = identity) -> list[AreaAnswer]:
        """Requires the role supervisor. All of its lines follow. Returns all areas."""
        async with database_errors(timeout):
            if patch.name is not None:
                await plant.rename_area(who, patch.area, patch.name)
            elif patch.position is not None:
                await plant.move_area(who, patch.area, patch.position)
            return [AreaAnswer.model_validate(each) for each in await plant.areas()]
