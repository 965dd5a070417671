"""The REST interface of the set-up of the plant: /api/plant. The commands decide who may do what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response

from ...core.people import Identity
from ...core.rate_limit import ChangeRateLimit
from ...orders.order_values import UNCHANGED
from ...plant.plant_commands import PlantCommands
from ...plant.sheet_import import SheetImport
from .area_routes import add_areas
from .bodies import JsonRoute
from .callers import caller
from .floor_api import TIMEOUT_S, database_errors, no_store
from .icon_routes import add_icons, add_pictures
from .known_parameters import known_parameters
from .order_parameters import LOCATION
from .plant_answers import LineAnswer, MachineTypeAnswer, PlantAnswer, PlantChangeAnswer, PlantMachineAnswer
from .plant_change import IfMatch, ItemId, SeenVersion, answer_of, name_of
from .plant_forms import (
    LinePatch,
    MachinePatch,
    MachineTypePatch,
    NewLineForm,
    NewMachineForm,
    NewMachineTypeForm,
    PlantSettingsPatch,
)
from .problems import documented
from .rate_limit_headers import RateLimitHeaders
from .sheet_routes import add_exports, add_sheets
from .versioned_answers import answered, created, tagged
from .versioned_change import change

PREFIX = '/api/plant'
NEW: dict[int | str, dict[str, Any]] = {201: {'headers': LOCATION}, **documented(400, 413, 415, 429)}
PATCHED = documented(400, 404, 409, 412, 413, 415, 428, 429)
DELETED = documented(404, 409, 412, 428, 429)
MachinesTo = Annotated[str | None, Query(pattern='^([1-9][0-9]{0,4}|none)$', examples=['none'], description=(
    'Where its machines go: the id of a line, or none. Required for a line with machines.'))]
Retired = Annotated[bool, Query(examples=[False], description='true: those that have left the floor.')]
PerPage = Annotated[int, Query(ge=1, le=500, examples=[100], description='How many.')]
Before = Annotated[int | None, Query(ge=1, le=2**53 - 1, examples=[1000], description=(
    'Only changes before the one with this id, for the next page.'))]


def register(app: FastAPI, *, plant: PlantCommands, sheets: SheetImport,
             limit: ChangeRateLimit | None = None, timeout: float = TIMEOUT_S) -> None:
    """Serve /api/plant. Call it after floor_api.register, which adds the error handlers.

    limit: its remaining changes are in the headers of responses.
    timeout: seconds without a response of the database after which a request fails with 503.
    """
    identity = Depends(caller)
    if limit is not None:
        app.add_middleware(RateLimitHeaders, path=PREFIX, limit=limit)
    router = APIRouter(prefix=PREFIX, tags=['plant'], route_class=JsonRoute,
                       dependencies=[identity, Depends(known_parameters), Depends(no_store)],
                       responses=documented(401, 403, 422, 500, 503))
    _add_settings(router, plant, identity, timeout)
    _add_lines(router, plant, identity, timeout)
    add_areas(router, plant, identity, timeout)
    _add_machine_types(router, plant, identity, timeout)
    _add_machines(router, plant, identity, timeout)
    add_icons(router, plant, identity, timeout)
    add_sheets(router, sheets, identity, timeout)
    pictures = APIRouter(prefix=PREFIX, tags=['plant'], dependencies=[identity, Depends(known_parameters)],
                         responses=documented(401, 403, 422, 500, 503))
    add_pictures(pictures, plant, timeout)
    add_exports(pictures, sheets, timeout)
    app.include_router(pictures)

    @router.get('/changes', summary='Who changed what, the newest first', operation_id='list_plant_changes')
    async def list_plant_changes(per_page: PerPage = 100, before: Before = None) -> list[PlantChangeAnswer]:
        """Changes of lines, machine types, machines, people and settings of reports, also by SQL."""
        async with database_errors(timeout):
            return [PlantChangeAnswer.model_validate(each) for each in await plant.changes(per_page, before)]

    app.include_router(router)


def _add_settings(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    @router.get('', summary="The plant's name, time zone and week", operation_id='get_plant')
    async def get_plant(response: Response) -> PlantAnswer:
        """Its ETag is for If-Match."""
        async with database_errors(timeout):
            return tagged(response, PlantAnswer.of(await plant.settings()))

    @router.patch('', summary="Change the plant's name, time zone or week", operation_id='update_plant',
                  responses=PATCHED, response_model=PlantAnswer)
    async def update_plant(patch: PlantSettingsPatch, response: Response, who: Identity = identity,
                           if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. Every open page follows."""
        return await answered(timeout, response, answer_of, change(
            plant.settings, lambda version: plant.edit_settings(who, version, patch.edit()), patch.seen_version,
            if_match, called=name_of))


def _add_lines(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    @router.get('/lines', summary='Lines in their order', operation_id='list_lines')
    async def list_lines() -> list[LineAnswer]:
        """All production lines."""
        async with database_errors(timeout):
            return [LineAnswer.model_validate(line) for line in await plant.lines()]

    @router.get('/lines/{item_id}', summary='One line', operation_id='get_line', responses=documented(404))
    async def get_line(item_id: ItemId, response: Response) -> LineAnswer:
        """Its ETag is for If-Match."""
        async with database_errors(timeout):
            return tagged(response, LineAnswer.model_validate(await plant.line(item_id)))

    @router.post('/lines', status_code=201, summary='Add a line', operation_id='add_line', responses=NEW)
    async def add_line(new: NewLineForm, request: Request, response: Response, who: Identity = identity) -> LineAnswer:
        """Requires the role supervisor."""
        async with database_errors(timeout):
            line = await plant.add_line(who, new.name, new.code, new.position, new.area)
        return LineAnswer.model_validate(created(request, response, line))

    @router.patch('/lines/{item_id}', summary='Rename or move a line', operation_id='update_line', responses=PATCHED,
                  response_model=LineAnswer)
    async def update_line(item_id: ItemId, patch: LinePatch, response: Response, who: Identity = identity,
                          if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. Machines, work orders and reports follow."""
        return await answered(timeout, response, answer_of, change(
            lambda: plant.line(item_id), lambda version: plant.edit_line(who, item_id, version, patch.edit()),
            patch.seen_version, if_match, called=name_of))

    @router.delete('/lines/{item_id}', status_code=204, summary='Delete a line', operation_id='delete_line',
                   responses=DELETED, response_class=Response, response_model=None)
    async def delete_line(item_id: ItemId, machines_to: MachinesTo = None, version: SeenVersion = None,
                          who: Identity = identity, if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. Its past stays in reports of all lines."""
        to_line = UNCHANGED if machines_to is None else None if machines_to == 'none' else int(machines_to)
        return await answered(timeout, Response(status_code=204), answer_of, change(
            lambda: plant.line(item_id), lambda seen: plant.delete_line(who, item_id, seen, to_line), version, if_match,
            called=name_of))


def _add_machine_types(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    @router.get('/machine-types', summary='Machine types by name', operation_id='list_machine_types')
    async def list_machine_types() -> list[MachineTypeAnswer]:
        """All machine types."""
        async with database_errors(timeout):
            return [MachineTypeAnswer.model_validate(each) for each in await plant.machine_types()]

    @router.get('/machine-types/{item_id}', summary='One machine type', operation_id='get_machine_type',
                responses=documented(404))
    async def get_machine_type(item_id: ItemId, response: Response) -> MachineTypeAnswer:
        """Its ETag is for If-Match."""
        async with database_errors(timeout):
            return tagged(response, MachineTypeAnswer.model_validate(await plant.machine_type(item_id)))

    @router.post('/machine-types', status_code=201, summary='Add a machine type', operation_id='add_machine_type',
                 responses=NEW)
    async def add_machine_type(new: NewMachineTypeForm, request: Request, response: Response,
                               who: Identity = identity) -> MachineTypeAnswer:
        """Requires the role supervisor."""
        async with database_errors(timeout):
            added = await plant.add_machine_type(who, new.name, new.icon)
        return MachineTypeAnswer.model_validate(created(request, response, added))

    @router.patch('/machine-types/{item_id}', summary='Rename a machine type or change its icon',
                  operation_id='update_machine_type', responses=PATCHED, response_model=MachineTypeAnswer)
    async def update_machine_type(item_id: ItemId, patch: MachineTypePatch, response: Response,
                                  who: Identity = identity, if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. Its machines follow."""
        return await answered(timeout, response, answer_of, change(
            lambda: plant.machine_type(item_id),
            lambda version: plant.edit_machine_type(who, item_id, version, patch.edit()), patch.seen_version, if_match,
            called=name_of))

    @router.delete('/machine-types/{item_id}', status_code=204, summary='Delete a machine type without machines',
                   operation_id='delete_machine_type', responses=DELETED, response_class=Response, response_model=None)
    async def delete_machine_type(item_id: ItemId, version: SeenVersion = None, who: Identity = identity,
                                  if_match: IfMatch = None) -> Any:
        """Requires the role supervisor."""
        return await answered(timeout, Response(status_code=204), answer_of, change(
            lambda: plant.machine_type(item_id), lambda seen: plant.delete_machine_type(who, item_id, seen), version,
            if_match, called=name_of))


def _add_machines(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    @router.get('/machines', summary='Machines of the set-up in flow order', operation_id='list_plant_machines')
    async def list_plant_machines(retired: Retired = False) -> list[PlantMachineAnswer]:
        """Those on the floor, or those that are retired. Their statuses are in /api/machines."""
        async with database_errors(timeout):
            return [PlantMachineAnswer.model_validate(each) for each in await plant.machines(retired=retired)]

    @router.get('/machines/{item_id}', summary='One machine of the set-up', operation_id='get_plant_machine',
                responses=documented(404))
    async def get_plant_machine(item_id: ItemId, response: Response) -> PlantMachineAnswer:
        """On the floor or retired. Its ETag is for If-Match."""
        async with database_errors(timeout):
            return tagged(response, PlantMachineAnswer.model_validate(await plant.machine(item_id)))

    @router.post('/machines', status_code=201, summary='Add a machine', operation_id='add_machine', responses=NEW)
    async def add_machine(new: NewMachineForm, request: Request, response: Response,
                          who: Identity = identity) -> PlantMachineAnswer:
        """Requires the role supervisor. It has no signal until a feed reports it."""
        async with database_errors(timeout):
            added = await plant.add_machine(who, new.machine())
        return PlantMachineAnswer.model_validate(created(request, response, added))

    @router.patch('/machines/{item_id}', summary='Rename, move, retype, retire or bring back a machine',
                  operation_id='update_machine', responses=PATCHED, response_model=PlantMachineAnswer)
    async def update_machine(item_id: ItemId, patch: MachinePatch, response: Response, who: Identity = identity,
                             if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. History, work orders and links follow. Send new values or retired, not both."""
        def make(version: int) -> Any:
            if 'retired' not in patch.model_fields_set:
                return plant.edit_machine(who, item_id, version, patch.edit())
            return (plant.retire_machine if patch.retired else plant.bring_back_machine)(who, item_id, version)

        return await answered(timeout, response, answer_of, change(
            lambda: plant.machine(item_id), make, patch.seen_version, if_match, called=name_of))

    @router.delete('/machines/{item_id}', status_code=204, summary='Delete a machine without a past',
                   operation_id='delete_machine', responses=DELETED, response_class=Response, response_model=None)
    async def delete_machine(item_id: ItemId, version: SeenVersion = None, who: Identity = identity,
                             if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. One that has reported or has work orders can be retired."""
        return await answered(timeout, Response(status_code=204), answer_of, change(
            lambda: plant.machine(item_id), lambda seen: plant.delete_machine(who, item_id, seen), version, if_match,
            called=name_of))
