"""Which requests count as our own pages', as ASGI brings them. What real browsers send, tests/browser says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from floor.core.errors import SettingsError
from floor.core.settings import Settings
from floor.operations.refused_origins import MAX_ORIGINS, RefusedOrigins
from floor.web.middleware.cross_origin import CrossOriginCheck, own_names

FLOOR = 'floor.example.com'
Ask = Callable[..., Any]


async def passes(headers: dict[str, str], *, kind: str = 'websocket', method: str = 'GET', path: str = '/',
                 second_host: str | None = None, **options: Any) -> bool:
    """Whether it gets as far as the app; if not, it has to be refused as its kind is refused."""
    arrived, sent = [], []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.append(scope)

    async def receive() -> Message:
        raise AssertionError('nobody may read what is refused')

    async def send(message: Message) -> None:
        sent.append(message)

    sent_headers = [*headers.items(), *([] if second_host is None else [('host', second_host)])]
    await CrossOriginCheck(app, **options)({
        'type': kind, 'method': method, 'path': path,
        'headers': [(name.encode(), value.encode()) for name, value in sent_headers]}, receive, send)
    if not arrived and kind == 'websocket':
        assert [message['type'] for message in sent] == ['websocket.close']
    elif not arrived:
        assert sent[0]['status'] in ({403, 421} if second_host is None else {400})
        if path.startswith('/api'):
            assert json.loads(sent[1]['body'])['status'] == sent[0]['status']
    else:
        assert sent == []
    return bool(arrived)


@pytest.mark.parametrize('kind', ['http', 'websocket'])
@pytest.mark.parametrize('second', [FLOOR, 'evil.example', ''])
async def test_a_request_has_one_host(kind: str, second: str) -> None:
    assert await passes({'host': FLOOR}, kind=kind, path='/api/floor', names={FLOOR})
    assert not await passes({'host': FLOOR}, kind=kind, path='/api/floor', names={FLOOR}, second_host=second)


@pytest.mark.parametrize(('headers', 'expected'), [
    ({'host': f'{FLOOR}:8000', 'origin': f'http://{FLOOR}:8000'}, True),
    ({'host': FLOOR, 'origin': f'https://{FLOOR}'}, True),
    ({'host': f'{FLOOR}:443', 'origin': f'https://{FLOOR}'}, True),
    ({'host': FLOOR.upper(), 'origin': f'https://{FLOOR}'}, True),
    ({'host': '[::1]:8000', 'origin': 'http://[::1]:8000'}, True),
    ({'host': '10.0.0.7:8000', 'x-forwarded-host': FLOOR, 'origin': f'https://{FLOOR}'}, True),
    ({'host': '10.0.0.7:8000', 'x-forwarded-host': f'{FLOOR}, inner', 'origin': f'https://{FLOOR}'}, True),
    ({'host': FLOOR}, True),  # no browser
    ({'host': FLOOR, 'sec-fetch-site': 'same-origin', 'origin': 'https://behind-a-proxy'}, True),
    ({'host': FLOOR, 'origin': 'https://evil.example'}, False),
    ({'host': FLOOR, 'origin': f'https://{FLOOR}.evil.example'}, False),
    ({'host': FLOOR, 'origin': f'https://evil.example/{FLOOR}'}, False),
    ({'host': FLOOR, 'origin': f'https://{FLOOR}@evil.example'}, False),
    ({'host': FLOOR, 'origin': f'https://{FLOOR}:8443'}, False),
    ({'host': '127.0.0.1:8000', 'origin': 'http://127.0.0.1:3000'}, False),
    ({'host': '127.0.0.1:8000', 'origin': 'http://localhost:8000'}, False),
    ({'host': FLOOR, 'x-forwarded-host': 'other.example', 'origin': 'https://evil.example'}, False),
    ({'host': FLOOR, 'origin': 'null'}, False),
    ({'host': FLOOR, 'origin': ''}, False),
    ({'host': FLOOR, 'origin': 'https://[nonsense'}, False),
    ({'origin': 'null'}, False),
    ({'host': FLOOR, 'sec-fetch-site': 'cross-site'}, False),
    ({'host': FLOOR, 'sec-fetch-site': 'same-site', 'origin': f'https://{FLOOR}'}, False),
])
async def test_a_socket_and_a_write_are_for_our_own_pages(headers: dict[str, str], expected: bool) -> None:
    assert await passes(headers) is expected
    assert await passes(headers, kind='http', method='POST', path='/api/work-orders') is expected
    assert await passes(headers, kind='http', method='PATCH', path='/api/work-orders/x') is expected
    assert await passes(headers, kind='http', path='/_nicegui_ws/socket.io/') is expected


@pytest.mark.parametrize('site', ['cross-site', 'same-site'])
async def test_a_link_from_elsewhere_may_lead_here_and_nothing_may_be_loaded_from_there(site: str) -> None:
    async def reads(**more: str) -> bool:
        return await passes({'host': FLOOR, 'sec-fetch-site': site} | {
            name.replace('_', '-'): value for name, value in more.items()}, kind='http', path='/reports')

    assert await reads(sec_fetch_mode='navigate')
    assert not await reads(sec_fetch_mode='no-cors')
    assert not await reads(sec_fetch_mode='cors')


@pytest.mark.parametrize(('host', 'expected'), [
    ('localhost', True), ('LOCALHOST:8000', True), ('127.0.0.1:9999', True), ('[::1]:8000', True),
    ('evil.example', False), ('localhost.evil.example:8000', False), ('127.0.0.1.evil.example', False), ('', False),
    ('[::1', False)])
async def test_on_ones_own_machine_only_its_names_are_answered_to(host: str, expected: bool) -> None:
    names = own_names(settings(host='127.0.0.1'))
    for kind in 'http', 'websocket':
        assert await passes({'host': host, 'sec-fetch-site': 'same-origin'}, kind=kind, names=names) is expected


async def test_the_name_that_a_proxy_serves_us_under_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ALLOWED_HOSTS', f'{FLOOR}, other.example:8443')
    given = settings(host='127.0.0.1')
    options: dict[str, Any] = {'names': own_names(given), 'origins': given.allowed_hosts}
    assert await passes({'host': FLOOR, 'origin': f'https://{FLOOR}'}, **options)
    assert await passes({'host': '127.0.0.1:8000', 'origin': f'https://{FLOOR}'}, **options)
    assert await passes({'host': '127.0.0.1:8000', 'origin': 'https://other.example:8443'}, **options)
    assert not await passes({'host': '127.0.0.1:8000', 'origin': 'https://other.example'}, **options)
    assert not await passes({'host': 'evil.example', 'origin': 'https://evil.example'}, **options)


@pytest.mark.parametrize('port', ['', ':80', ':8080', ':8443'])
async def test_a_name_without_a_port_is_ours_on_any_port(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """nginx with `proxy_set_header Host $host` passes the name on without the port that people typed."""
    monkeypatch.setenv('ALLOWED_HOSTS', FLOOR)
    given = settings(host='127.0.0.1')
    options: dict[str, Any] = {'names': own_names(given), 'origins': given.allowed_hosts}
    assert await passes({'host': FLOOR, 'origin': f'http://{FLOOR}{port}'}, **options)
    assert not await passes({'host': FLOOR, 'origin': f'http://other.example{port}'}, **options)


async def test_what_is_refused_is_logged_once_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    refused = RefusedOrigins()
    for _ in range(3):
        assert not await passes({'host': FLOOR, 'origin': f'http://{FLOOR}:8080'}, refused=refused)
    assert not await passes({'host': '10.0.0.7', 'origin': 'https://evil.example'}, refused=refused)
    assert not await passes({'host': 'plant.example'}, names=own_names(settings(host='127.0.0.1')), refused=refused)

    assert [record.levelname for record in caplog.records] == ['WARNING'] * 3
    assert f'refused requests from http://{FLOOR}:8080' in caplog.messages[0]
    assert f'set ALLOWED_HOSTS={FLOOR},' in caplog.messages[0]
    assert 'set ALLOWED_HOSTS=evil.example,' in caplog.messages[1]
    assert 'otherwise it is a page of another site' in caplog.messages[1]
    assert 'plant.example' in caplog.messages[2]
    assert [(each.origin, each.times) for each in refused.refusals] == [
        (f'http://{FLOOR}:8080', 3), ('https://evil.example', 1), ('plant.example', 1)]


async def test_who_invents_origins_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    refused = RefusedOrigins()
    for number in range(500):
        await passes({'host': FLOOR, 'origin': f'https://evil-{number}.example\x1b[2J' + 'x' * 9000}, refused=refused)

    assert len(caplog.messages) == len(refused.refusals) == MAX_ORIGINS
    assert max(map(len, caplog.messages)) < 500
    assert '\x1b' not in ''.join(caplog.messages)


def test_where_others_use_names_that_nobody_configured_any_name_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_names(settings(host='0.0.0.0')) is None
    assert own_names(settings(host='0.0.0.0', allowed_hosts=(FLOOR,))) == {
        FLOOR, 'localhost', '127.0.0.1', '::1', '0.0.0.0'}
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'floor')
    assert own_names(settings(host='127.0.0.1')) is None


@pytest.mark.parametrize('wrong', ['https://floor.example.com', 'floor/', '*', 'a b!'])
def test_a_name_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv('ALLOWED_HOSTS', wrong)
    with pytest.raises(SettingsError, match='ALLOWED_HOSTS='):
        settings()


def settings(**values: Any) -> Settings:
    return Settings.load(_env_file=None, data_dir=Path('.'), **values)
