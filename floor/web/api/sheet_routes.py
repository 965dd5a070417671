"""Import and export of sheets by REST: /api/plant/import, /export and /imports."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from ...core.people import Identity
from ...plant.plant_sheet import SheetKind, read_sheet
from ...plant.sheet_import import SheetImport, written
from ..http.file_response import MEDIA_TYPES as FILE_TYPES
from .floor_api import database_errors
from .problems import documented
from .sheet_answers import PastImportAnswer, SheetPlanAnswer, UndoPlanAnswer

CSV, XLSX = FILE_TYPES['csv'].partition(';')[0], FILE_TYPES['xlsx']
ACCEPTED = {CSV, XLSX, 'text/tab-separated-values', 'application/octet-stream'}
BINARY = {'schema': {'type': 'string', 'format': 'binary'}}
BODY = {'requestBody': {'required': True, 'content': {'application/octet-stream': BINARY}, 'description': (
    'A sheet of machines or of people, recognized by its columns: CSV or XLSX, at most 5 MiB. Their own media types '
    'are accepted too.')}}
FILE: dict[int | str, dict[str, Any]] = {200: {'content': dict.fromkeys((CSV, XLSX), BINARY),
                                               'description': 'The sheet.'}}
IMPORT_TIMEOUT_S = 60.0
DryRun = Annotated[bool, Query(examples=[True], description='true: only say what would change.')]
FileName = Annotated[str, Query(max_length=200, examples=['plant.csv'], description='Name for the list of imports.')]
Kind = Annotated[SheetKind, Query(examples=['machines'], description='What to export.')]
Format = Annotated[Literal['csv', 'xlsx'], Query(alias='format', examples=['csv'], description='The file.')]
Empty = Annotated[bool, Query(examples=[False], description='true: only the columns, to fill in.')]
PerPage = Annotated[int, Query(ge=1, le=100, examples=[20], description='How many.')]
ImportId = Annotated[int, Path(ge=1, le=2**53 - 1, description='Its id.', examples=[3])]


def add_sheets(router: APIRouter, sheets: SheetImport, identity: Any, timeout: float) -> None:
    """Add the paths that answer with JSON."""
    @router.post('/import', summary='Import a sheet', operation_id='import_sheet', openapi_extra=BODY,
                 responses=documented(413, 415, 429))
    async def import_sheet(request: Request, dry_run: DryRun = False, file_name: FileName = '',
                           who: Identity = identity) -> SheetPlanAnswer:
        """Requires the role supervisor. All or nothing: 422 if a row is refused, and dry_run lists all of them. A
        token needs plant:write for machines, people:write for people."""
        _check_media_type(request.headers.get('content-type', ''))
        sheet = await asyncio.to_thread(read_sheet, await request.body())
        async with database_errors(max(timeout, IMPORT_TIMEOUT_S)):
            plan = await (sheets.dry_run(who, sheet) if dry_run else sheets.apply(who, sheet, file_name))
        return SheetPlanAnswer.of(plan, dry_run=dry_run)

    @router.get('/imports', summary='Imports, the newest first', operation_id='list_imports')
    async def list_imports(per_page: PerPage = 20) -> list[PastImportAnswer]:
        """Those that changed something, also undone ones."""
        async with database_errors(timeout):
            return [PastImportAnswer.model_validate(each) for each in await sheets.past_imports(per_page)]

    @router.post('/imports/{import_id}/undo', summary='Undo the last import', operation_id='undo_import',
                 responses=documented(404, 429))
    async def undo_import(import_id: ImportId, dry_run: DryRun = False, who: Identity = identity) -> UndoPlanAnswer:
        """Requires the role supervisor. 422 if something was changed since that would be lost; dry_run lists that."""
        async with database_errors(max(timeout, IMPORT_TIMEOUT_S)):
            kind = await sheets.kind_of(import_id)
            plan = await (sheets.undo_plan if dry_run else sheets.undo)(who, kind, import_id)
        return UndoPlanAnswer.of(plan, dry_run=dry_run)


def add_exports(router: APIRouter, sheets: SheetImport, timeout: float) -> None:
    """Add the path that answers with a file."""
    @router.get('/export', summary='Machines or people as a sheet', operation_id='export_sheet', responses=FILE,
                response_class=Response, response_model=None)
    async def export_sheet(kind: Kind = SheetKind.MACHINES, file_format: Format = 'csv',
                           empty: Empty = False) -> Response:
        """The same as a file of `python -m floor.plant export`."""
        async with database_errors(timeout):
            rows = [] if empty else await sheets.export(kind)
        content = await asyncio.to_thread(written, kind, rows, xlsx=file_format == 'xlsx')
        return Response(content, media_type=FILE_TYPES[file_format], headers={
            'Content-Disposition': f'attachment; filename="{kind}.{file_format}"', 'Cache-Control': 'no-store'})


def _check_media_type(header: str) -> None:
    """Only accept media types that pages of other sites cannot send without a preflight request, as in bodies.py."""
    if header.partition(';')[0].strip().lower() not in ACCEPTED:
        raise HTTPException(415, f'send the file itself, with the header Content-Type: {CSV} or {XLSX}')
