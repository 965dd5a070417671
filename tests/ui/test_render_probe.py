"""A page is asked right behind a change, in turn, and its answer is the measure; who is hidden does not count."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import Client, core, ui
from nicegui.testing import User
from ui.harness import Floor

from floor.core.latency import LatencyHistogram
from floor.core.machines import MachineChange, MachineName, Status
from floor.feed.store import Store
from floor.web.live import render_probe as probe_module
from floor.web.live.render_probe import PAUSE_S, TIMEOUT_S, ProbeElement, RenderProbe
from floor.web.live.socket_fanout import longest_backlog


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What goes to the sockets, instead of to them."""
    sent = []
    monkeypatch.setattr(probe_module, 'send_update', lambda message, clients: sent.append((clients[0], message)))
    return sent


@pytest.fixture
def render_probe(shop_floor: Floor, sent: list[Any]) -> RenderProbe:
    shop_floor.put('Valve_01_01')
    shop_floor.publish()
    latency = LatencyHistogram('floor_commit_to_browser_seconds', 'Browser.', shop_floor.clock)
    render_probe = RenderProbe(shop_floor.store, latency, shop_floor.clock)

    @ui.page('/probe')
    def page() -> None:
        render_probe.add()
    return render_probe


def probe_of(client: Client) -> ProbeElement:
    element, = (element for element in client.elements.values() if isinstance(element, ProbeElement))
    return element


def answer(client: Client, name: str) -> None:
    """As the browser does when it begins the frame."""
    element = probe_of(client)
    listener, = element._event_listeners.values()
    assert listener.type == 'animationstart'
    client.handle_event({'id': element.id, 'listener_id': listener.id, 'args': [json.dumps({'animationName': name})]})


async def open_page(user: User) -> Client:
    return await user.open('/probe')


def asked(sent: list[Any]) -> list[tuple[Any, ...]]:
    return [(client, *(element['props']['data-probe'] for element in message.values())) for client, message in sent]


async def test_from_the_change_to_the_answer(shop_floor: Floor, render_probe: RenderProbe, sent: list[Any],
                                             user: User) -> None:
    client = await open_page(user)
    shop_floor.change('Valve_01_01', 'down')
    shop_floor.clock.pass_by(0.02)
    render_probe.send()
    assert asked(sent) == [(client.id, 'probe-even')]
    shop_floor.clock.pass_by(0.03)
    answer(client, asked(sent)[0][1])
    assert render_probe._latency.recent == [pytest.approx(0.05, abs=0.0011)]  # the clock is read in ms
    answer(client, asked(sent)[0][1])
    assert len(render_probe._latency.recent) == 1, 'an answer answers once'


async def test_without_a_change_nobody_is_asked_and_at_most_one_a_second(shop_floor: Floor, render_probe: RenderProbe,
                                                                         sent: list[Any], user: User) -> None:
    client = await open_page(user)
    render_probe.send()
    assert sent == []
    shop_floor.change('Valve_01_01', 'down')
    render_probe.send()
    answer(client, asked(sent)[-1][1])
    shop_floor.change('Valve_01_01', 'warning')
    render_probe.send()
    assert len(sent) == 1
    shop_floor.clock.pass_by(PAUSE_S)
    render_probe.send()
    assert len(sent) == 2
    assert asked(sent)[0] != asked(sent)[1], 'another animation, or none would begin'


async def test_pages_are_asked_in_turn(shop_floor: Floor, render_probe: RenderProbe, sent: list[Any], user: User,
                                       create_user: Callable[[], User]) -> None:
    first = await open_page(user)
    second = await open_page(create_user())
    shop_floor.change('Valve_01_01', 'down')
    for _ in range(4):
        render_probe.send()
        client, name = asked(sent)[-1]
        answer({first.id: first, second.id: second}[client], name)
        shop_floor.clock.pass_by(PAUSE_S)
    assert [client for client, _ in asked(sent)] == [first.id, second.id] * 2


async def test_a_hidden_page_answers_too_late_and_does_not_count(shop_floor: Floor, render_probe: RenderProbe,
                                                                 sent: list[Any], user: User) -> None:
    client = await open_page(user)
    shop_floor.change('Valve_01_01', 'down')
    render_probe.send()
    shop_floor.clock.pass_by(TIMEOUT_S + 1)
    answer(client, asked(sent)[-1][1])
    assert (render_probe._latency.recent, render_probe.unanswered) == ([], 1)
    render_probe.send()
    shop_floor.clock.pass_by(TIMEOUT_S + 1)
    render_probe.send()
    assert (len(sent), render_probe.unanswered) == (3, 2)
    answer(client, asked(sent)[-2][1])
    assert render_probe._latency.recent == [], 'that was the answer to the question before'


async def test_what_a_browser_makes_up_is_no_answer(shop_floor: Floor, render_probe: RenderProbe, sent: list[Any],
                                                    user: User) -> None:
    client = await open_page(user)
    shop_floor.change('Valve_01_01', 'down')
    render_probe.send()
    element = probe_of(client)
    listener, = element._event_listeners.values()
    for args in ({'animationName': 'other'}, {}, None, 'text', [1]):
        client.handle_event({'id': element.id, 'listener_id': listener.id, 'args': [json.dumps(args)]})
    assert render_probe._latency.recent == []


def test_what_was_found_by_reading_the_floor_is_no_announced_change() -> None:
    store = Store()
    assert store.written_ms is None
    store.apply([MachineChange(MachineName('Nobody'), Status.DOWN, None, 1, 5, 5, 5)])
    assert store.written_ms is None


def test_the_longest_backlog_is_of_the_slowest_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def socket(waiting: int) -> SimpleNamespace:
        return SimpleNamespace(queue=SimpleNamespace(qsize=lambda: waiting))

    monkeypatch.setattr(core.sio.eio, 'sockets', {})
    assert longest_backlog() == 0
    monkeypatch.setattr(core.sio.eio, 'sockets', {'a': socket(3), 'b': socket(120), 'c': socket(0)})
    assert longest_backlog() == 120
