"""A page is asked right behind a change, in turn, and its answer is the measure; who is hidden does not count."""

import json
from types import SimpleNamespace

import pytest
from nicegui import core, ui

from floor.core.latency import LatencyHistogram
from floor.core.machines import MachineChange, MachineName, Status
from floor.feed.store import Store
from floor.web.live import render_probe as echo_module
from floor.web.live.render_probe import PATIENCE_S, PAUSE_S, ProbeElement, RenderProbe
from floor.web.live.socket_fanout import longest_backlog


@pytest.fixture
def sent(monkeypatch):
    """What goes to the sockets, instead of to them."""
    sent = []
    monkeypatch.setattr(echo_module, 'send_update', lambda message, clients: sent.append((clients[0], message)))
    return sent


@pytest.fixture
def render_probe(floor, sent):
    floor.put('Valve_01_01')
    floor.publish()
    lag = LatencyHistogram('floor_commit_to_browser_seconds', 'Echo.', floor.clock)
    render_probe = RenderProbe(floor.store, lag, floor.clock)
    render_probe.lag = lag

    @ui.page('/echo')
    def page():
        render_probe.add()
    return render_probe


def echo_of(client):
    echo, = (element for element in client.elements.values() if isinstance(element, ProbeElement))
    return echo


def answer(client, name):
    """As the browser does when it begins the frame."""
    echo = echo_of(client)
    listener, = echo._event_listeners.values()
    assert listener.type == 'animationstart'
    client.handle_event({'id': echo.id, 'listener_id': listener.id, 'args': [json.dumps({'animationName': name})]})


async def open_page(user):
    await user.open('/echo')
    return user.client


def asked(sent):
    return [(client, *(element['props']['data-echo'] for element in message.values())) for client, message in sent]


async def test_from_the_change_to_the_answer(floor, render_probe, sent, user):
    client = await open_page(user)
    floor.change('Valve_01_01', 'down')
    floor.clock.pass_by(0.02)
    render_probe.ask()
    assert asked(sent) == [(client.id, 'echo-even')]
    floor.clock.pass_by(0.03)
    answer(client, asked(sent)[0][1])
    assert render_probe.lag.recent == [pytest.approx(0.05, abs=0.0011)]  # the clock is read in ms
    answer(client, asked(sent)[0][1])
    assert len(render_probe.lag.recent) == 1, 'an answer answers once'


async def test_without_a_change_nobody_is_asked_and_at_most_one_a_second(floor, render_probe, sent, user):
    await open_page(user)
    render_probe.ask()
    assert sent == []
    floor.change('Valve_01_01', 'down')
    render_probe.ask()
    answer(user.client, asked(sent)[-1][1])
    floor.change('Valve_01_01', 'warning')
    render_probe.ask()
    assert len(sent) == 1
    floor.clock.pass_by(PAUSE_S)
    render_probe.ask()
    assert len(sent) == 2
    assert asked(sent)[0] != asked(sent)[1], 'another animation, or none would begin'


async def test_pages_are_asked_in_turn(floor, render_probe, sent, user, create_user):
    first = await open_page(user)
    second = await open_page(create_user())
    floor.change('Valve_01_01', 'down')
    for _ in range(4):
        render_probe.ask()
        client, name = asked(sent)[-1]
        answer({first.id: first, second.id: second}[client], name)
        floor.clock.pass_by(PAUSE_S)
    assert [client for client, _ in asked(sent)] == [first.id, second.id] * 2


async def test_a_hidden_page_answers_too_late_and_does_not_count(floor, render_probe, sent, user):
    client = await open_page(user)
    floor.change('Valve_01_01', 'down')
    render_probe.ask()
    floor.clock.pass_by(PATIENCE_S + 1)
    answer(client, asked(sent)[-1][1])
    assert (render_probe.lag.recent, render_probe.unanswered) == ([], 1)
    render_probe.ask()
    floor.clock.pass_by(PATIENCE_S + 1)
    render_probe.ask()
    assert (len(sent), render_probe.unanswered) == (3, 2)
    answer(client, asked(sent)[-2][1])
    assert render_probe.lag.recent == [], 'that was the answer to the question before'


async def test_what_a_browser_makes_up_is_no_answer(floor, render_probe, sent, user):
    client = await open_page(user)
    floor.change('Valve_01_01', 'down')
    render_probe.ask()
    echo = echo_of(client)
    listener, = echo._event_listeners.values()
    for args in ({'animationName': 'other'}, {}, None, 'text', [1]):
        client.handle_event({'id': echo.id, 'listener_id': listener.id, 'args': [json.dumps(args)]})
    assert render_probe.lag.recent == []


def test_what_was_found_by_reading_the_floor_is_no_announced_change():
    store = Store()
    assert store.written_ms is None
    store.apply([MachineChange(MachineName('Nobody'), Status.DOWN, None, 1, 5, 5)])
    assert store.written_ms is None


def test_the_longest_backlog_is_of_the_slowest_browser(monkeypatch):
    def socket(waiting):
        return SimpleNamespace(queue=SimpleNamespace(qsize=lambda: waiting))

    monkeypatch.setattr(core.sio.eio, 'sockets', {})
    assert longest_backlog() == 0
    monkeypatch.setattr(core.sio.eio, 'sockets', {'a': socket(3), 'b': socket(120), 'c': socket(0)})
    assert longest_backlog() == 120
