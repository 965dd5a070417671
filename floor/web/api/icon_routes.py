"""Icons of machines in the REST interface: the list, uploads, and the pictures of uploaded ones.

A picture is sent as an image that can load and run nothing, even if a browser opens it as a page.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from ...core.people import Identity
from ...plant.plant_commands import PlantCommands
from ..http.entity_tags import knows
from .attachment_responses import KEPT, SAFE
from .attachment_routes import BINARY, NOT_MODIFIED
from .floor_api import database_errors
from .order_parameters import LOCATION
from .plant_answers import IconAnswer
from .plant_forms import NewIconForm
from .problems import documented

Key = Annotated[str, Path(pattern='^[a-z0-9][a-z0-9_-]{0,39}$', description='Key of the icon.',
                          examples=['bag_sealer'])]
Version = Annotated[str | None, Query(max_length=40, examples=['5f1d09c2ab34'], description=(
    'Its version: browsers keep the picture if that is the present one.'))]
IMAGE: dict[int | str, dict[str, Any]] = {
    200: {'content': dict.fromkeys(('application/octet-stream', 'image/svg+xml'), BINARY),
          'description': 'The picture.'},
    304: NOT_MODIFIED, **documented(404)}


def add_icons(router: APIRouter, plant: PlantCommands, identity: Any, timeout: float) -> None:
    """Add the paths that answer with JSON."""
    @router.get('/icons', summary='Icons of machines', operation_id='list_icons')
    async def list_icons() -> list[IconAnswer]:
        """Uploaded icons, then the delivered ones by title."""
        async with database_errors(timeout):
            return [IconAnswer.model_validate(icon) for icon in await plant.icons()]

    @router.post('/icons', status_code=201, summary='Upload an icon', operation_id='add_icon',
                 responses={201: {'headers': LOCATION}, **documented(400, 413, 415, 429)})
    async def add_icon(new: NewIconForm, request: Request, response: Response, who: Identity = identity) -> IconAnswer:
        """Requires the role supervisor. Only shapes are stored: 422 names an element or attribute that is refused."""
        async with database_errors(timeout):
            icon = await plant.add_icon(who, new.key, new.svg.encode(errors='surrogatepass'))
        response.headers['Location'] = f'{request.url.path}/{icon.key}/picture'
        return IconAnswer.model_validate(icon)

    @router.delete('/icons/{key}', status_code=204, summary='Delete an uploaded icon', operation_id='delete_icon',
                   responses=documented(404, 429), response_class=Response, response_model=None)
    async def delete_icon(key: Key, who: Identity = identity) -> Response:
        """Requires the role supervisor. One that a machine type has is not deleted."""
        async with database_errors(timeout):
            await plant.delete_icon(who, key)
        return Response(status_code=204)


def add_pictures(router: APIRouter, plant: PlantCommands, timeout: float) -> None:
    """Add the path of the pictures."""
    @router.get('/icons/{key}/picture', summary='Picture of an uploaded icon', operation_id='get_icon', responses=IMAGE,
                response_class=Response, response_model=None)
    async def get_icon(key: Key, request: Request, v: Version = None) -> Response:
        """An SVG that contains only shapes."""
        async with database_errors(timeout):
            version, svg = await plant.own_icon(key)
        headers = {**SAFE, **(KEPT if v == version else {'Cache-Control': 'private, no-cache'}), 'ETag': f'"{version}"'}
        if knows(request, headers['ETag']):
            return Response(status_code=304, headers=headers)
        return Response(svg, media_type='image/svg+xml', headers=headers)
