"""What the server makes of the events of a dialog's entry in the browser's history, in each order they may come in."""

from __future__ import annotations

import pytest
from nicegui import ui
from nicegui.testing import User, UserInteraction

from floor.web.shell.back_button import BackCloses

FORTH, BACK, FOCUS = 'forth', 'back', 'focus the opener'
FRAGMENT_SHOWS, FRAGMENT_WENT = 'animationstart', 'animationcancel'


class DialogPage:
    """A button and the dialog that it opens; steps holds what the browser was asked to do."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.query: str | None = ''
        ui.page('/')(self._build)

    async def open(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        await user.open('/')
        monkeypatch.setattr(ui.navigate, 'to', lambda target: self.steps.append(FORTH))
        monkeypatch.setattr(ui.navigate, 'back', lambda: self.steps.append(BACK))
        self._user = user
        self.press()

    def press(self) -> None:
        assert self._user.client
        with self._user.client:
            self.dialog.open()

    def escape(self) -> None:
        assert self._user.client
        with self._user.client:
            self.dialog.close()

    def tell(self, event: str) -> None:
        UserInteraction(self._user, {self.entry}, None).trigger(event)

    def _build(self) -> None:
        with ui.dialog() as self.dialog:
            self.heading = ui.element('h2')
        self.entry = BackCloses(self.dialog, lambda: self.heading, lambda: self.query)
        self.entry.return_focus = lambda: self.steps.append(FOCUS)
        self.above = BackCloses(ui.dialog(), lambda: self.heading)


@pytest.fixture
async def page(user: User, monkeypatch: pytest.MonkeyPatch) -> DialogPage:
    page = DialogPage()
    await page.open(user, monkeypatch)
    return page


async def test_closing_steps_back_and_then_gives_the_focus_back(page: DialogPage) -> None:
    page.tell(FRAGMENT_SHOWS)
    page.escape()
    assert page.steps == [FORTH, BACK]

    page.tell(FRAGMENT_WENT)

    assert page.steps == [FORTH, BACK, FOCUS]


async def test_closed_before_it_was_drawn_it_steps_back_when_it_is(page: DialogPage) -> None:
    """A browser says nothing of an animation that it never drew, and takes the focus when it draws next."""
    page.escape()
    assert page.steps == [FORTH]

    page.tell(FRAGMENT_SHOWS)
    assert page.steps == [FORTH, BACK]
    page.tell(FRAGMENT_WENT)

    assert page.steps == [FORTH, BACK, FOCUS]


async def test_opened_again_before_it_was_drawn_it_stays_open(page: DialogPage) -> None:
    page.escape()
    page.press()

    page.tell(FRAGMENT_SHOWS)

    assert page.dialog.value
    assert BACK not in page.steps
    page.tell(FRAGMENT_WENT)  # the person's own Back
    assert not page.dialog.value


async def test_closed_without_an_entry_in_the_history_it_gives_the_focus_back_at_once(page: DialogPage) -> None:
    page.tell(FRAGMENT_SHOWS)
    page.escape()
    page.tell(FRAGMENT_WENT)
    page.steps.clear()
    page.query = None

    page.press()
    page.escape()

    assert page.steps == [FOCUS]


async def test_the_focus_is_set_once_and_again_after_a_dialog_above_it(
        page: DialogPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who has gone on to the next field before the browser reports the fragment stays there."""
    focused: list[str] = []
    monkeypatch.setattr(page.heading, 'run_method', focused.append)
    page.tell(FRAGMENT_SHOWS)
    assert focused == []

    page.above.depth = 2
    page.tell(FRAGMENT_WENT)  # the address is that of the dialog above
    page.above.depth = 0
    page.tell(FRAGMENT_SHOWS)

    assert focused == ['focus']
