"""/openapi.json and /docs. Swagger UI comes from this server, so that the page works in a plant without internet."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from ...core.version import program_version
from ..http.path_prefix import prefix_of
from .description import completed

TITLE = 'Line Monitor'
DESCRIPTION = ('The factory floor for other programs. Feeds write machine statuses to the table '
               '`machine_feed_stream`; this interface reads them. Times are in UTC. Errors are problem details '
               '(RFC 9457, schema Problem). Every path supports HEAD and OPTIONS. Every JSON response to a GET has '
               'an ETag; a request with If-None-Match returns 304 if the response is unchanged.')
TAGS = [{'name': 'floor', 'description': 'Machines and their statuses.'},
        {'name': 'plant', 'description': 'The set-up: lines, machine types, machines. Changes require the role '
                                         'supervisor.'},
        {'name': 'work orders', 'description': 'Work orders, comments and attachments. What you may do depends on '
                                               'your role.'},
        {'name': 'reports', 'description': 'KPIs, stops and intervals of any window, as in the reports.'},
        {'name': 'people', 'description': 'Employees of the plant.'},
        {'name': 'operation', 'description': 'For load balancers and monitoring.'}]


def serve_docs(app: FastAPI) -> None:
    """Serve the description of all paths with a tag. Pages and paths of NiceGUI have none."""
    app.mount('/docs/assets', StaticFiles(packages=[('fastapi_offline', 'static')]), name='docs_assets')

    @app.get('/openapi.json', include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        prefix = prefix_of(request.headers)
        return JSONResponse(describe_api(app) | ({'servers': [{'url': prefix}]} if prefix else {}))

    @app.get('/docs', include_in_schema=False)
    async def docs() -> HTMLResponse:
        # relative addresses work with any path prefix; no validator, because it is a service on the internet
        page = get_swagger_ui_html(
            openapi_url='openapi.json', title=f'{TITLE}: interface', swagger_favicon_url='favicon.ico',
            swagger_js_url='docs/assets/swagger-ui-bundle.js', swagger_css_url='docs/assets/swagger-ui.css',
            swagger_ui_parameters={'validatorUrl': None, 'tryItOutEnabled': True})
        page.headers['Content-Security-Policy'] = _policy(bytes(page.body).decode())
        return page


def _policy(page: str) -> str:
    """The Content-Security-Policy for Swagger UI: its only inline script is allowed by its hash."""
    scripts = ' '.join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
                       for script in re.findall('<script>(.*?)</script>', page, re.DOTALL))
    return (f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'")


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of the present routes. It is not cached, because routes may be added later."""
    api = get_openapi(title=TITLE, version=program_version(), description=DESCRIPTION, tags=TAGS, routes=app.routes)
    api['paths'] = {path: operations for path, operations in api['paths'].items()
                    if all('tags' in operation for operation in operations.values())}
    return completed(api)
