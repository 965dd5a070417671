"""A floor that the tests write as the listener would, and screens that hold what a browser would have received."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from nicegui import core
from nicegui.testing import User
from ui.harness import LINES, Floor, Screen, Switchboard
from ui.services import person_at

from floor.core.people import Employee
from floor.web.live import broadcast


@pytest.fixture
def switchboard(user: User, monkeypatch: pytest.MonkeyPatch) -> Switchboard:
    """What goes out to the browsers."""
    board = Switchboard()
    monkeypatch.setattr(core.sio, 'emit', board.emit)
    monkeypatch.setattr(broadcast, 'send_update', board.send_update)
    return board


@pytest.fixture
def floor(user: User) -> Floor:
    """Two lines with five machines, all running, live."""
    floor = Floor()
    for line, names in LINES.items():
        for name in names:
            floor.put(name, line)
    floor.publish()
    return floor


@pytest.fixture
def empty(user: User) -> Floor:
    """A floor of which nothing was heard yet."""
    return Floor()


@pytest.fixture
def look(user: User, switchboard: Switchboard) -> Callable[..., Any]:
    """Open the page and get the screen it is on; by another person if one is given."""
    async def look(path: str = '/', by: User | None = None) -> Screen:
        screen = Screen(await (by or user).open(path))
        switchboard.screens.append(screen)
        return screen
    return look


@pytest.fixture
def colleague(user: User) -> User:
    """Another person, with a browser of their own."""
    return User(httpx.AsyncClient(transport=httpx.ASGITransport(core.app), base_url='http://test'))


@pytest.fixture(autouse=True)
def what_is_there_is_no_garbage() -> None:
    """NiceGUI's fixture collects garbage before and after each test. It need not look at what earlier tests have left:
    after five hundred cards that takes longer than the tests do."""
    gc.freeze()


@pytest.fixture
def lisa(floor: Floor, user: User) -> Employee:
    """The technician who looks."""
    lisa = floor.hire('Lisa', 'Garcia')
    person_at(user, lisa)
    floor.publish()
    return lisa
