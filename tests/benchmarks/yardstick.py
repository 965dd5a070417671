"""The yardstick, the least that brings a NOTIFY into a browser: a bare WebSocket per page, one attribute per change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PAGE = """<!doctype html><title>Yardstick</title><main></main><script>
const tiles = {};
new WebSocket(`ws://${location.host}/socket`).onmessage = message => {
  for (const [name, status, reason] of JSON.parse(message.data)) {
    tiles[name] ??= document.querySelector('main').appendChild(document.createElement('button'));
    tiles[name].dataset.machine = name;
    tiles[name].setAttribute('data-reason', reason);
  }
};
</script>"""

sockets: set[WebSocket] = set()


@asynccontextmanager
async def listen(_: Starlette) -> AsyncIterator[None]:
    """Forward what the database says, as it says it."""
    payloads: asyncio.Queue[str] = asyncio.Queue()

    async def forward() -> None:
        while True:
            payload = await payloads.get()
            for socket in tuple(sockets):
                await socket.send_text(payload)

    connection = await asyncpg.connect(os.environ['DATABASE_URL'])
    channel = await connection.fetchval(f'SELECT name FROM "{os.environ["SCHEMA"]}".notification_channel')
    await connection.add_listener(channel, lambda *message: payloads.put_nowait(message[3]))
    task = asyncio.create_task(forward())
    yield
    task.cancel()
    await connection.close()


async def page(_: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE)


async def stay(socket: WebSocket) -> None:
    """One browser, until it leaves."""
    await socket.accept()
    sockets.add(socket)
    try:
        await socket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        sockets.discard(socket)


if __name__ == '__main__':
    routes = [Route('/', page), WebSocketRoute('/socket', stay)]
    uvicorn.run(Starlette(routes=routes, lifespan=listen), port=int(os.environ['PORT']), log_level='warning',
                ws_per_message_deflate=False)
