"""A floor that the tests write as the listener would, and screens that hold what a browser would have received."""

from __future__ import annotations

import gc

import httpx
import pytest
from nicegui import core
from nicegui.testing import User
from ui.harness import LINES, Floor, OpenPage, Screen, Switchboard
from ui.services import person_at

from floor.core.people import Employee
from floor.web.live import broadcast


@pytest.fixture
def switchboard(user: User, monkeypatch: pytest.MonkeyPatch) -> Switchboard:
    """What goes out to the browsers."""
    board = Switchboard()
    monkeypatch.setattr(core.sio, 'emit', board.emit)
    monkeypatch.setattr(broadcast, 'send_update', board.send_update)
    monkeypatch.setattr(broadcast, 'has_answered', lambda client_id: True)
    return board


@pytest.fixture
def shop_floor(user: User) -> Floor:
    """Two lines with five machines, all running, live."""
    shop_floor = Floor()
    for line, names in LINES.items():
        for name in names:
            shop_floor.put(name, line)
    shop_floor.publish()
    return shop_floor


@pytest.fixture
def empty(user: User) -> Floor:
    """A floor of which nothing was heard yet."""
    return Floor()


@pytest.fixture
def open_page(user: User, switchboard: Switchboard) -> OpenPage:
    """Open the page and get the screen it is on; by another person if one is given."""
    async def open_page(path: str = '/', by: User | None = None) -> Screen:
        screen = Screen(await (by or user).open(path))
        switchboard.screens.append(screen)
        return screen
    return open_page


@pytest.fixture
def colleague(user: User) -> User:
    """Another person, with their own browser."""
    return User(httpx.AsyncClient(transport=httpx.ASGITransport(core.app), base_url='http://test'))


@pytest.fixture(autouse=True)
def what_is_there_is_no_garbage() -> None:
    """NiceGUI's fixture collects garbage before and after each test. It need not look at what earlier tests have left:
    after five hundred cards that takes longer than the tests do."""
    gc.freeze()


@pytest.fixture
def lisa(shop_floor: Floor, user: User) -> Employee:
    """The technician who looks."""
    lisa = shop_floor.hire('Lisa', 'Garcia')
    person_at(user, lisa)
    shop_floor.publish()
    return lisa
