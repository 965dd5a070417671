"""The outages that a browser meets, each a way to cut and a way back."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import psutil
from playwright.async_api import Browser, Page, ViewportSize
from tcp_proxy import TcpProxy

from .chromium import chromium
from .onlooker import Act, Endured, endure
from .server import Floor, live, start_floor

PIECES_APART_S = 0.3
VIEW: ViewportSize = {'width': 1440, 'height': 900}


@asynccontextmanager
async def looking(browser: Browser, address: str) -> AsyncIterator[Page]:
    """A page on the floor, live, in its own profile."""
    context = await browser.new_context(viewport=VIEW)
    try:
        page = await context.new_page()
        await page.goto(address)
        await page.wait_for_function('window.did_handshake')
        yield page
    finally:
        await context.close()


def proxied(address: str) -> TcpProxy:
    """A proxy in front of the server at this address."""
    port = urlsplit(address).port
    assert port is not None
    return TcpProxy(port)


async def wifi_lost(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """The browser knows that it has no network."""
    async with chromium() as browser, looking(browser, address) as page:
        return await endure(page, database, lambda: page.context.set_offline(True),
                            lambda: page.context.set_offline(False), lasts)


async def held(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """The network is there and carries nothing; neither side is notified."""
    async with chromium() as browser, proxied(address) as proxy, looking(browser, proxy.address) as page:
        return await endure(page, database, _at_once(proxy.blackhole), _at_once(proxy.heal), lasts)


async def held_in_pieces(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """The same, and a beat is the last thing sent before the change: when the network carries again, it arrives first,
    and each piece of what follows so much later."""
    async with chromium() as browser, proxied(address) as proxy, looking(browser, proxy.address) as page:
        async def heal() -> None:
            proxy.heal()
            proxy.latency = PIECES_APART_S
        return await endure(page, database, lambda: proxy.blackhole_from(b'data-beat'), heal, lasts)


async def refused(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """A proxy that cuts and refuses."""
    async with chromium() as browser, proxied(address) as proxy, looking(browser, proxy.address) as page:
        return await endure(page, database, _at_once(proxy.refuse), _at_once(proxy.heal), lasts)


async def half_open(address: str, database: asyncpg.Connection) -> Endured:
    """A proxy forgets the connection and tells nobody; it takes a new one at any time. The return is when the page has
    showed that it isn't live."""
    async with chromium() as browser, proxied(address) as proxy, looking(browser, proxy.address) as page:
        return await endure(page, database, _at_once(proxy.forget), _at_once(proxy.heal), 0.0)


async def asleep(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """All processes of the browser stand still, as on a laptop that sleeps."""
    return await _stopped(address, database, lasts, only='')


async def frozen(address: str, database: asyncpg.Connection, lasts: float) -> Endured:
    """The page's process stands still and the browser goes on, as with a tab that was put away to save power."""
    return await _stopped(address, database, lasts, only='--type=renderer')


async def _stopped(address: str, database: asyncpg.Connection, lasts: float, only: str) -> Endured:
    mark = f'--outage={uuid.uuid4()}'
    async with chromium(mark) as browser, looking(browser, address) as page:
        root = next(each for each in psutil.Process().children(recursive=True) if mark in each.cmdline())
        mine = [each for each in (root, *root.children(recursive=True)) if only in ' '.join(each.cmdline())]

        async def tell(number: int) -> None:
            for process in mine:
                process.send_signal(number)
        return await endure(page, database, lambda: tell(signal.SIGSTOP), lambda: tell(signal.SIGCONT), lasts,
                            watched=False)


async def restarted(app: Floor, database: asyncpg.Connection, lasts: float) -> Endured:
    """A server on the same database stops and comes back on the same address. The return is when it says that it is
    live; the first one keeps the embedded database running, in which the floor changes meanwhile."""
    server = start_floor(app.program, app.data_dir)
    try:
        await live(server)
        async with chromium() as browser, looking(browser, server.address) as page:
            async def stop() -> None:
                await asyncio.to_thread(server.stop)

            async def start() -> None:
                server.process = start_floor(app.program, app.data_dir, port=server.port).process
                await live(server, every=0.05)
            return await endure(page, database, stop, start, lasts)
    finally:
        await asyncio.to_thread(server.stop)


def _at_once(act: Callable[[], None]) -> Act:
    async def awaited() -> None:
        act()
    return awaited

