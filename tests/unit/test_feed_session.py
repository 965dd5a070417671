"""The queue of one connection of the listener: how much may wait, and what happens beyond that."""

from __future__ import annotations

from typing import cast

import pytest

from floor.db.connection import Connection
from floor.feed.feed_session import MAX_CHARACTERS, MAX_WAITING, FeedSession


class Silent:
    """A connection that nothing happens on."""

    def add_termination_listener(self, callback: object) -> None:
        """Nothing ends it."""


@pytest.fixture
def session() -> FeedSession:
    return FeedSession(cast(Connection, Silent()))


def receive(session: FeedSession, payload: str, times: int = 1) -> None:
    for _ in range(times):
        session.on_feed(None, 0, '', payload)


@pytest.mark.parametrize(('payload', 'fit'), [('[]', MAX_WAITING), ('x' * 7_500, MAX_CHARACTERS // 7_500)],
                         ids=['number', 'size'])
def test_notifications_wait_up_to_a_number_and_up_to_a_size(session: FeedSession, payload: str, fit: int) -> None:
    receive(session, payload, fit)
    assert not session.overflowed
    assert session.take() == [payload] * fit

    receive(session, payload, fit + 1)
    assert session.overflowed
    assert session.take() == []
    assert session.drop() == fit + 1, 'they still count'


def test_what_was_taken_makes_room(session: FeedSession) -> None:
    for _ in range(3):
        receive(session, 'x' * 7_500, MAX_CHARACTERS // 7_500)
        session.take()
    assert not session.overflowed
