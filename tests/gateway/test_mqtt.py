"""The gateway at a real broker: what arrives at the app, and what becomes of a message when something is away."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest
from gateway.harness import NEEDS_MOSQUITTO, FakeApp, Mosquitto, make_certificates, mosquitto, running_app, until
from ports import free_port

from floor.core.tasks import end
from floor.gateway import broker as broker_module
from floor.gateway import sender as sender_module
from floor.gateway import source as source_module
from floor.gateway.config_file import parse_config
from floor.gateway.errors import QueueError
from floor.gateway.event_queue import FILE
from floor.gateway.gateway import Gateway, run_trial
from floor.gateway.mqtt_config import MqttConfig
from floor.gateway.mqtt_source import MqttSource
from floor.gateway.reading import Value

pytestmark = NEEDS_MOSQUITTO

POINTS = """
      - {topic: 'plant/{line}/{machine}/status', machine: '{machine}', values: {1: operational, 2: down, 3: warning}}
      - {topic: 'json/{machine}', machine: 'M-{machine}', path: state.now, reason: state.why, at: ts}
      - {topic: 'json/{machine}', machine: 'M-{machine}', path: good, at: ts, reports: good}
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def app() -> AsyncIterator[FakeApp]:
    async with running_app() as app:
        yield app


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts."""
    for module in (sender_module, source_module):
        monkeypatch.setattr(module, 'FIRST_BACKOFF_S', 0.05)
        monkeypatch.setattr(module, 'MAX_BACKOFF_S', 0.1)


def config_text(app: FakeApp, broker: Mosquitto, folder: Path, more: str = '', *, health: int | None = None) -> str:
    token = folder / 'token'
    token.write_text('lm_token_x')
    token.chmod(0o600)
    return f"""
app: {{url: '{app.url}', token: {{file: '{token}'}}}}
queue: {{folder: '{folder / "queue"}'}}
health: {f'{{port: {health}}}' if health else 'null'}
sources:
  - type: mqtt
    name: plant
    host: 127.0.0.1
    port: {broker.port}
    {more}
    points: {POINTS}"""


@asynccontextmanager
async def running(text: str, *, connected: bool = True) -> AsyncIterator[Gateway]:
    gateway = Gateway(parse_config(text, 'gateway.yaml'))
    task = asyncio.create_task(gateway.run())
    try:
        if connected:
            await until(lambda: gateway.sources[0].state.connected or task.done())
        yield gateway
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def publish(broker: Mosquitto, *messages: tuple[str, str], retain: bool = False, **login: Any) -> None:
    async with aiomqtt.Client('127.0.0.1', broker.port, **login) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1, retain=retain)


def statuses(app: FakeApp) -> list[tuple[str, str]]:
    return [(each['machine'], each['status']) for each in app.events if 'status' in each]


@pytest.mark.parametrize('version', ['3.1.1', '5'])
async def test_topics_and_json_become_events_and_garbage_is_counted(
        app: FakeApp, broker: Mosquitto, tmp_path: Path, version: str) -> None:
    await broker.start()
    await publish(broker, ('plant/A/Press/status', '2'), retain=True)
    async with running(config_text(app, broker, tmp_path, f"version: '{version}'")) as gateway:
        await until(lambda: statuses(app) == [('Press', 'down')])
        await publish(
            broker, ('plant/A/Saw/status', '1'), ('plant/A/Saw/status', 'x'), ('plant/A/Saw/status', ''),
            ('json/7', '{'), ('json/7', '[' * 100_000), ('json/7', '{"state": 3}'),
            ('json/7', '{"state": {"now": {}}}'),
            ('json/7', json.dumps({'state': {'now': 'down', 'why': 'E-047'}, 'good': 10, 'ts': 1})),
            ('json/7', json.dumps({'good': 14, 'ts': 'x'})), ('json/7', json.dumps({'state': {'now': None}})))
        await until(lambda: len(app.events) == 5)
        assert statuses(app) == [('Press', 'down'), ('Saw', 'operational'), ('M-7', 'down'), ('M-7', 'unknown')]
        assert [each['reason'] for each in app.events if 'reason' in each] == ['E-047', 'no value']
        assert [each['good'] for each in app.events if 'good' in each] == [4]
        assert gateway.sources[0].state.ignored == {
            'unknown value': 1, 'not JSON': 2, 'no value': 1, 'not a plain value': 1, 'not a time': 2}


async def test_a_value_that_cannot_be_used_hides_no_other_of_its_message(
        app: FakeApp, broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await broker.start()
    text = config_text(app, broker, tmp_path) + '      - {topic: json/text, machine: Text}'
    async with running(text) as gateway:
        await publish(broker, ('json/7', '{"state": {"now": {}}, "good": 10}'),
                      ('json/7', '{"state": {"now": []}, "good": 12}'), ('json/text', 'down'))
        await until(lambda: len(app.events) == 2)
        assert [each.get('good') or each['status'] for each in app.events] == [2, 'down']
        assert gateway.sources[0].state.ignored == {'not a plain value': 2, 'not a time': 2, 'not JSON': 1}
        assert 'json/7 state.now: the value is not a text' in caplog.text


async def test_a_queue_that_cannot_be_read_is_reported_by_healthz(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    health = free_port()
    async with running(config_text(app, broker, tmp_path, health=health), connected=False) as gateway, \
            httpx.AsyncClient(base_url=f'http://127.0.0.1:{health}') as client:
        await until(lambda: gateway.sources[0].state.error)
        with closing(sqlite3.connect(tmp_path / 'queue' / FILE)) as other:
            other.execute('DROP TABLE events')
        answer = await client.get('/healthz')
        assert (answer.status_code, 'no such table: events' in answer.text) == (503, True)


async def test_the_gateway_says_at_the_broker_whether_it_is_online(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    announced: list[bytes] = []
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        await client.subscribe('line-monitor/#', qos=1)

        async def listen() -> None:
            async for message in client.messages:
                announced.append(message.payload)

        listening = asyncio.create_task(listen())
        async with running(config_text(app, broker, tmp_path)):
            await until(lambda: announced == [b'online'])
        await until(lambda: announced == [b'online', b'offline'])
        listening.cancel()


async def test_messages_of_a_time_without_gateway_or_broker_are_not_lost(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    text = config_text(app, broker, tmp_path)
    async with running(text):
        await publish(broker, ('plant/A/Saw/status', '1'))
        await until(lambda: len(app.events) == 1)
    await publish(broker, *(('plant/A/Saw/status', value) for value in '232'))
    async with running(text) as gateway:
        await until(lambda: len(app.events) == 4)
        broker.kill()
        await until(lambda: not gateway.sources[0].state.connected)
        assert 'broker 127.0.0.1' in str(gateway.sources[0].state.error)
        await broker.start()
        await until(lambda: gateway.sources[0].state.connected)
        await publish(broker, ('plant/A/Saw/status', '1'))
        await until(lambda: len(app.events) == 5)
    assert [status for _, status in statuses(app)] == ['operational', 'down', 'warning', 'down', 'operational']


async def test_a_message_is_acknowledged_when_it_is_on_disk_and_not_before(
        app: FakeApp, broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await broker.start()
    async with running(config_text(app, broker, tmp_path)) as gateway:
        failures: list[int] = []

        def full(*_arguments: object) -> None:
            failures.append(1)
            raise QueueError('the disk is full')

        with monkeypatch.context() as broken:
            broken.setattr(gateway.queue, 'put', full)
            await publish(broker, ('plant/A/Saw/status', '2'))
            await until(lambda: len(failures) >= 2)   # it came again
            await until(lambda: gateway.sources[0].state.error == 'the disk is full')
        await until(lambda: statuses(app) == [('Saw', 'down')])


async def test_a_gateway_that_is_stopped_while_messages_flow_takes_none_twice(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    config = parse_config(config_text(app, broker, tmp_path), 'gateway.yaml').sources[0]
    assert isinstance(config, MqttConfig)
    source = MqttSource(config)
    taken: list[Value | None] = []
    sent = 0

    async def run_for(seconds: float) -> None:
        task = asyncio.create_task(source.run(lambda reading: taken.append(reading.value)))
        await until(lambda: source.state.connected)
        await asyncio.sleep(seconds)
        await end((task,))
        source.state.lose('stopped')

    async def flow(client: aiomqtt.Client) -> None:
        nonlocal sent
        while True:
            await asyncio.gather(*(client.publish('plant/A/Saw/status', str(sent + number), qos=1)
                                   for number in range(30)))
            sent += 30
            await asyncio.sleep(0.01)

    await run_for(0)
    async with aiomqtt.Client('127.0.0.1', broker.port, max_inflight_messages=30) as client:
        flowing = asyncio.create_task(flow(client))
        for stop in range(8):
            await run_for(0.2 + stop * 0.017)
        await end((flowing,))
        await client.publish('plant/A/Saw/status', 'last', qos=1)
    while 'last' not in taken:
        await run_for(0.2)
    assert len(taken) == len(set(taken)) > 1_000


async def test_events_wait_while_the_app_is_away(app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    app.answer = lambda _events: (503, {'detail': 'the database does not answer'})
    health = free_port()
    async with running(config_text(app, broker, tmp_path, health=health)) as gateway, \
            httpx.AsyncClient(base_url=f'http://127.0.0.1:{health}') as client:
        assert (await client.get('/healthz')).status_code == 200
        await publish(broker, *((f'plant/A/{number}/status', '2') for number in range(50)))
        await until(lambda: gateway.queue.waiting == 50 and gateway.sender.error)
        answer = await client.get('/healthz')
        assert (answer.status_code, answer.json()['queue']['waiting']) == (503, 50)
        assert answer.json()['problems'] == ['the app answers 503: the database does not answer']
        metrics = (await client.get('/metrics')).text
        assert 'line_monitor_gateway_queue_events 50.0' in metrics
        assert 'line_monitor_gateway_source_connected{source="plant"} 1.0' in metrics
        assert (await client.get('/other')).status_code == 404
        assert (await client.post('/healthz')).status_code == 405
        app.answer = lambda _events: None
        await until(lambda: not gateway.queue.waiting)
        assert [machine for machine, _ in statuses(app)] == [str(number) for number in range(50)]


async def test_a_dry_run_shows_events_and_leaves_the_running_gateway_alone(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    text = config_text(app, broker, tmp_path)
    async with running(text) as gateway:
        printed: list[str] = []
        trial = asyncio.create_task(run_trial(parse_config(text, 'gateway.yaml'), printed.append))
        while not printed:
            await publish(broker, ('plant/A/Saw/status', '2'))
            await asyncio.sleep(0.05)
        trial.cancel()
        assert json.loads(printed[0])['status'] == 'down'
        await until(lambda: statuses(app) == [('Saw', 'down')])
        assert gateway.sources[0].state.connections == 1


TLS = """tls: {{ca: '{0}/ca.crt', certificate: '{0}/client.crt', key: '{0}/client.key'}}
    login: {{user: gateway, password: {{file: '{0}/password'}}}}"""


def secured(folder: Path, days: int = 1) -> list[str]:
    """Lines of a broker with TLS, client certificates and passwords."""
    make_certificates(folder, days)
    for name, text in (('password', 'pass word'), ('passwords', '')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    subprocess.run(['mosquitto_passwd', '-b', folder / 'passwords', 'gateway', 'pass word'], check=True,
                   capture_output=True)
    return ['allow_anonymous false', f'password_file {folder}/passwords', f'cafile {folder}/ca.crt',
            f'certfile {folder}/server.crt', f'keyfile {folder}/server.key', 'require_certificate true']


async def test_tls_with_a_client_certificate_and_a_login(app: FakeApp, tmp_path: Path) -> None:
    with mosquitto(tmp_path, *secured(tmp_path)) as broker:
        await broker.start()
        text = config_text(app, broker, tmp_path, TLS.format(tmp_path))
        async with running(text):
            await publish(broker, ('plant/A/Saw/status', '2'), username='gateway', password='pass word',
                          tls_params=aiomqtt.TLSParameters(f'{tmp_path}/ca.crt', f'{tmp_path}/client.crt',
                                                           f'{tmp_path}/client.key'))
            await until(lambda: statuses(app) == [('Saw', 'down')])
        (tmp_path / 'password').write_text('wrong')
        async with running(text, connected=False) as gateway:
            await until(lambda: gateway.sources[0].state.error)
            assert 'it refuses the user, the password' in str(gateway.sources[0].state.error)


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')   # paho leaves the socket open
async def test_an_expired_certificate_is_named(app: FakeApp, tmp_path: Path) -> None:
    with mosquitto(tmp_path, *secured(tmp_path, days=-1)) as broker:
        await broker.start()
        async with running(config_text(app, broker, tmp_path, TLS.format(tmp_path)), connected=False) as gateway:
            await until(lambda: gateway.sources[0].state.error)
            assert 'certificate has expired' in str(gateway.sources[0].state.error)


async def test_another_client_with_the_id_of_the_gateway_is_suspected(
        app: FakeApp, broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await broker.start()
    async with running(config_text(app, broker, tmp_path)) as gateway:
        connections = gateway.sources[0].state.connections
        with suppress(aiomqtt.MqttError):
            async with aiomqtt.Client('127.0.0.1', broker.port, identifier='line-monitor-gateway-plant'):
                await until(lambda: gateway.sources[0].state.connections > connections)
    assert 'it has stopped, or another client has the id line-monitor-gateway-plant' in caplog.text


async def test_a_port_of_tls_without_tls_is_suspected(
        app: FakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The library's error of the socket is not logged besides."""
    monkeypatch.setattr(broker_module, 'TIMEOUT_S', 0.5)
    with mosquitto(tmp_path, *secured(tmp_path)) as broker:
        await broker.start()
        async with running(config_text(app, broker, tmp_path), connected=False) as gateway:
            await until(lambda: 'is its port one of TLS' in str(gateway.sources[0].state.error))
    warned = {each.name for each in caplog.records if each.levelno >= logging.WARNING}
    assert warned - {'asyncio'} == {'floor.gateway.source'}   # asyncio: a client of another test is collected
    logging.getLogger('mqtt').error('Caught exception in on_message: %s', 'x')
    assert 'Caught exception in on_message: x' in caplog.text, 'what else the library says is logged'


async def test_a_program_that_is_killed_loses_and_doubles_nothing(
        app: FakeApp, broker: Mosquitto, tmp_path: Path) -> None:
    await broker.start()
    file = tmp_path / 'gateway.yaml'
    file.write_text(config_text(app, broker, tmp_path))
    async with running(file.read_text()):
        pass   # the broker keeps what arrives from now on
    sent, began = 0, int(time.time() * 1000) - 60_000
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        for kill in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
            program = subprocess.Popen([sys.executable, '-m', 'floor.gateway', file], cwd=ROOT)  # noqa: ASYNC220
            try:
                before = len(app.events)
                while len(app.events) < before + 100:   # some are sent before it is connected, and after it is gone
                    state = {'now': ('running', 'down')[sent % 2]}
                    await client.publish('json/Saw', json.dumps({'state': state, 'ts': began + sent}), qos=1)
                    sent += 1
                    await asyncio.sleep(0.002)   # as many in a second as the processes take on a busy machine
                    assert program.poll() is None
                program.send_signal(kill)
                assert program.wait(60) == (0 if kill is signal.SIGTERM else -kill)
            finally:
                program.kill()
                program.wait()
    async with running(config_text(app, broker, tmp_path)):
        await until(lambda: len(app.events) >= sent)
    expected = [('operational', 'down')[number % 2] for number in range(sent)]
    assert [status for _, status in statuses(app)][:sent] == expected   # a repetition may follow


def test_the_process_imports_no_server_of_pages_no_database_and_only_the_libraries_of_its_sources() -> None:
    code = ('import sys; import floor.gateway.program, floor.gateway.gateway, floor.gateway.mqtt_source, '
            'floor.gateway.description; print(*{each.partition(".")[0] for each in sys.modules})')
    names = subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert {'nicegui', 'asyncpg', 'fastapi', 'starlette', 'asyncua', 'google'} & set(names.split()) == set()
