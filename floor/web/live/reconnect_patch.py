"""How soon a page tries again to reach a server that refused it.

socket.io waits longer from try to try, up to five seconds and half as much again, and NiceGUI lets nobody say
otherwise; a page has to be right again within five seconds of the server's return. So NiceGUI's own copy of socket.io
is served with that one number changed. Where a new NiceGUI does not say it in these words any more, its copy stays as
it is, and tests/unit/test_quick_return.py fails.
"""

from __future__ import annotations

import re
from pathlib import Path

import nicegui
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LONGEST_WAIT_MS = 2_000
"""Between two tries; up to half as much again, so that not all pages come at once."""
SCRIPT = Path(nicegui.__file__).parent / 'static' / 'socket.io.min.js'
_LIMIT = re.compile(r'(?<=\.reconnectionDelayMax\|\|)5e3\b')


def return_quickly(app: FastAPI) -> None:
    """Serve socket.io with the shorter wait, before NiceGUI serves it with the longer one."""
    script = quicker(SCRIPT.read_text(encoding='utf-8'))

    async def serve(_: Request) -> Response:
        return Response(script, media_type='text/javascript', headers={'Cache-Control': 'public, max-age=3600'})

    app.router.routes.insert(0, Route(f'/_nicegui/{nicegui.__version__}/static/{SCRIPT.name}', serve))


def quicker(script: str) -> str:
    """The script with the shorter wait."""
    return _LIMIT.sub(str(LONGEST_WAIT_MS), script)
