"""Parse, store and content together, fed with anything: one bad row never takes another's tile with it.

The payloads and rows are drawn by hypothesis, the same ones each time. What a page holds after each of them is encoded
as it would be sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from engineio.packet import MESSAGE, Packet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nicegui import core
from socketio.packet import EVENT
from ui.harness import Floor, OpenPage

from floor.core.errors import NotificationError
from floor.core.machines import MachineName, Status, StatusEvent
from floor.core.orders import Priority, WorkOrderStatus
from floor.feed.protocol import Changes, OrderChanges, parse
from floor.web.live.live_element import LiveElement

VALVE, PAINTER = 'Valve_01_01', 'Painter_02_01'
SUITE = settings()  # of the profile that is loaded
EXAMPLES = settings(database=None, max_examples=SUITE.max_examples * 2, deadline=None,
                    suppress_health_check=list(HealthCheck))
LONGEST = 50_000_000
LETTERS = st.characters(codec=None)  # lone surrogates too
TEXTS = st.text(LETTERS, max_size=40) | st.sampled_from(['\ud800', 'Leak \udfff', '\0', '\u202e', ' ' * 3000, '']) | \
    st.integers(1, 30).map(lambda length: 'é' * 10**4 * length)
NUMBERS = st.integers(-2**70, 2**70) | st.integers(-10, 10) | \
    st.sampled_from([2**63 - 1, -2**63, 10**18, 253_402_300_800_000])
JSON = st.none() | st.booleans() | NUMBERS | st.floats() | TEXTS | st.lists(NUMBERS, max_size=2)
CHANGE = st.tuples(st.just(VALVE) | TEXTS, st.sampled_from([*Status]) | JSON, st.none() | TEXTS | JSON, NUMBERS,
                   NUMBERS, NUMBERS).map(list)
ORDER = st.tuples(st.just('WO-1') | TEXTS, NUMBERS, NUMBERS, st.just(VALVE) | TEXTS,
                  st.sampled_from([*WorkOrderStatus]) | JSON, st.sampled_from([*Priority]) | JSON, st.none() | NUMBERS,
                  st.none() | TEXTS, NUMBERS, TEXTS, st.none() | TEXTS).map(list)
ORDERS = st.lists(ORDER, min_size=1, max_size=3).map(lambda orders: {'orders': orders})
PAYLOADS = (st.lists(CHANGE, min_size=1, max_size=3) | ORDERS
            | st.recursive(JSON, st.lists, max_leaves=5)).map(json.dumps) | TEXTS
STORED_TEXTS = st.text(st.characters(codec='utf-8', exclude_characters='\0'), min_size=1, max_size=200)
"""What a text of PostgreSQL can hold."""
BIGINTS = st.integers(-2**63, 2**63 - 1)


ROW: dict[str, Any] = {'kind': 'valve', 'status': Status.DOWN, 'reason': None, 'version': 1, 'reported_ms': 0,
                       'since_ms': 0, 'due_ms': 0, 'description': 'Leak'}


def live_elements(screen: Any) -> list[LiveElement]:
    return [element for element in screen.client.elements.values() if isinstance(element, LiveElement)]


@contextmanager
def errors_are_expected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """NiceGUI's fixture asks that nothing was logged as an error; here it may be."""
    yield
    caplog.clear()


def assert_page(shop_floor: Any, screen: Any, turn: int) -> None:
    """Everything on the page can be sent, and the neighbour's change is shown as it is."""
    status, reason = ['down', 'warning', 'operational'][turn % 3], f'turn {turn}'
    shop_floor.store.machines[PAINTER].version = -2**64  # whatever was known of it before
    shop_floor.change(PAINTER, status, reason)
    elements = {element.id: element._to_dict() for element in live_elements(screen)}
    sent = Packet(MESSAGE, core.sio.packet_class(EVENT, namespace='/', data=['update', elements]).encode()).encode()
    assert len(sent) < 1_000_000, 'no text of megabytes goes to a browser'
    tile, = (each for each in elements.values()
             if each['props'].get('data-machine') == PAINTER and 'tile' in each['class'])
    assert (tile['props']['data-status'], tile['props']['data-reason']) == (status, reason)


async def test_whatever_a_payload_says_every_other_tile_is_right(shop_floor: Floor, open_page: OpenPage,
                                                                 caplog: pytest.LogCaptureFixture) -> None:
    screen = await open_page()
    turns = iter(range(10**9))

    @EXAMPLES
    @given(PAYLOADS)
    @example(json.dumps([[VALVE, 'down', '\ud800', 9, 0, 0]]))
    @example(json.dumps([[VALVE, 'down', 'x', 9, 10**18, -10**18]]))
    @example(json.dumps([[VALVE, 'down', 'x' * LONGEST, 9, 0, 0]]))
    @example(json.dumps({'orders': [['WO-1', 9, 1, VALVE, 'open', 'critical', 7, '\udc00', 10**18, '\ud83d', None]]}))
    def fed(payload: str) -> None:
        try:
            match parse(payload):
                case Changes(machines):
                    shop_floor.store.apply(machines)
                case OrderChanges(orders):
                    shop_floor.store.apply_orders(orders)
        except NotificationError as error:
            assert len(str(error)) < 1000
        assert_page(shop_floor, screen, next(turns))

    with errors_are_expected(caplog):
        fed()


async def test_whatever_a_row_says_every_other_tile_is_right(shop_floor: Floor, open_page: OpenPage,
                                                             caplog: pytest.LogCaptureFixture) -> None:
    screen = await open_page()
    valve = shop_floor.records[VALVE]
    turns = iter(range(10**9))

    @EXAMPLES
    @given(kind=STORED_TEXTS, status=st.sampled_from([*Status]), reason=st.none() | STORED_TEXTS, version=BIGINTS,
           reported_ms=st.none() | BIGINTS, since_ms=BIGINTS, due_ms=BIGINTS, description=STORED_TEXTS)
    @example(**ROW | {'reason': 'x' * LONGEST})
    @example(**ROW | {'reason': ' ' * LONGEST})
    @example(**ROW | {'reported_ms': 10**18, 'since_ms': 10**18, 'due_ms': 10**18})
    def fed(*, kind: str, status: Status, reason: str | None, version: int, reported_ms: int | None, since_ms: int,
            due_ms: int, description: str) -> None:
        shop_floor.records[VALVE] = replace(valve, type=kind, status=status, reason=reason, version=version,
                                            reported_ms=reported_ms, since_ms=since_ms)
        order = shop_floor.order(1, announced=False)
        shop_floor.briefs[order.id] = replace(order, due_ms=due_ms, description=description)
        shop_floor.publish((StatusEvent(version, MachineName(VALVE), None, status, reason, since_ms),))
        shop_floor.broadcast.flush([])
        assert_page(shop_floor, screen, next(turns))

    with errors_are_expected(caplog):
        fed()
