"""Somebody with a browser: opens the floor, and takes note of everything that a browser complains of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from browser.abandoned import ABORTED, AbandonedRequests
from browser.harness import PATIENCE_S
from browser.profiles import Profiles
from browser.program import Program
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    WebError,
    expect,
)
from playwright.async_api import (
    TimeoutError as PlaywrightTimeout,
)

SOCKET = '/_nicegui_ws/'


class Visitor:
    """Pages, each in its own browser profile, and their complaints."""

    def __init__(self, profiles: Profiles, program: Program) -> None:
        self.program = program
        self.complaints: list[str] = []
        self.loses_connection = False
        """Set by a test that cuts the connection: a browser complains of that, and rightly."""
        self.forges_events = False
        """Set by a test that sends what no page sends: the program says so, and rightly."""
        self._profiles = profiles
        self._pages: list[Page] = []
        self._abandoned = AbandonedRequests()
        self._log_length = len(program.log)

    async def open(self, path: str = '/', *, connection: str | None = 'live', **options: Any) -> Page:
        """The floor in an empty browser profile, when it is ready for a person and shows this of its connection.

        options: see Profiles.take
        """
        page = await self.blank(**options)
        await self.go(page, path, connection=connection)
        return page

    async def blank(self, **options: Any) -> Page:
        """An empty browser profile that shows nothing yet.

        options: see Profiles.take
        """
        page = await self._profiles.take(**options)
        self._pages.append(page)
        self._abandoned.follow(page.context)
        for event, listener in self._listeners.items():
            page.context.on(event, listener)  # type: ignore[call-overload]
        return page

    async def go(self, page: Page, path: str = '/', *, connection: str | None = 'live') -> None:
        """The same browser goes to an address of the floor."""
        await page.goto(self.program.url + path)
        await self.ready(page, connection=connection)

    async def ready(self, page: Page, *, connection: str | None = 'live') -> None:
        """Wait until the page has shaken hands with the server."""
        await page.wait_for_function('window.did_handshake')
        if connection:
            await expect(badge(page)).to_have_attribute('data-connection', connection)

    async def leave(self) -> list[str]:
        """Close everything; returns the complaints of the browsers and of the program."""
        self.complaints += [f'failed: {url} {ABORTED}, although its frame stayed' for url in self._abandoned.leave()]
        for page in self._pages:
            context: BrowserContext = page.context
            if not page.is_closed():
                await context.cookies()  # what the browser reported before has arrived then
            self._abandoned.leave_alone(context)
            for event, listener in self._listeners.items():
                context.remove_listener(event, listener)
            await self._profiles.give_back(page, self.program.url)
        output = self.program.log[self._log_length:]
        if 'Traceback' in output or ' ERROR ' in output or ('not of our protocol' in output and not self.forges_events):
            self.complaints.append(f'the output of the program:\n{output}')
        return self.complaints

    @property
    def _listeners(self) -> dict[str, Callable[..., None]]:
        return {'console': self._on_console, 'weberror': self._on_error, 'request': self._on_request,
                'requestfailed': self._on_failure, 'response': self._on_response}

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(f'page error: {error.error}')

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {'error', 'warning'} and not is_of_a_chart_that_went(message.text) and not (
                self.loses_connection and is_of_network(message.text)):
            self.complaints.append(f'console {message.type}: {message.text}')

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {'http', 'https', 'ws', 'wss'} and address.netloc != self.program.host:
            self.complaints.append(f'asked another host: {request.url}')

    def _on_failure(self, request: Request) -> None:
        if not self.loses_connection and not self._abandoned.explains(request):
            self.complaints.append(f'failed: {request.url} {request.failure}')

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not (self.loses_connection and SOCKET in response.url):
            self.complaints.append(f'{response.status}: {response.url}')


def is_of_network(text: str) -> bool:
    """What Chromium says when a server or the network has gone."""
    return 'WebSocket connection to' in text or 'net::ERR_' in text or 'Failed to load resource' in text


def is_of_a_chart_that_went(text: str) -> bool:
    """What NiceGUI 3.18 says of a chart that is replaced in the moment before it is drawn; nothing comes of it."""
    return "reading 'dispose'" in text and '/echart.js' in text


def badge(page: Page) -> Locator:
    """The element that says how far the picture can be trusted."""
    return page.locator('[data-connection]')


def tile(page: Page, machine: str) -> Locator:
    """The tile of one machine."""
    return page.locator(f'[data-machine={quoted(machine)}]')


def tiles(page: Page) -> Locator:
    """All of them."""
    return page.locator('[data-machine]')


def drawer(page: Page) -> Locator:
    """The panel with one machine in full."""
    return page.locator('.drawer')


def quoted(text: str) -> str:
    """A CSS string."""
    escaped = text.replace('\\', r'\\').replace('"', r'\"').replace('\n', r'\a ').replace('\r', r'\d ')
    return f'"{escaped}"'


async def fits_window(page: Page) -> None:
    """Wait until nothing makes the page scroll sideways and no part of it reaches over the edge."""
    await finds_nothing(page, BEYOND_WINDOW)


async def finds_nothing(page: Page, search: str, where: str = '') -> None:
    """Wait until a function of the page, which returns a list, finds nothing: what moves needs a moment. A failure
    names what is found then."""
    try:
        await page.wait_for_function(f'({search})().length === 0', timeout=PATIENCE_S * 1000)
    except PlaywrightTimeout:
        assert await page.evaluate(search) == [], where


BEYOND_WINDOW = """() => [
    ...(document.documentElement.scrollWidth > innerWidth ? ['the page scrolls sideways'] : []),
    ...[...document.querySelectorAll('.tile, .row-machine, .row-event, .line, .panel, .figure, .bar, .banner, .drawer')]
        .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5
                        || element.getBoundingClientRect().left < -0.5)
        .map(element => `${element.className}: ${element.textContent.slice(0, 40)} `
            + JSON.stringify(element.getBoundingClientRect()))]"""
