"""The OPC UA source against a real server (asyncua's own): values, outages, certificates, logins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from gateway.opcua_plant import NAMESPACE, PASSWORD, OpcUaPlant
from tcp_proxy import TcpProxy

from floor.core.tasks import end
from floor.gateway import source as source_module
from floor.gateway.config_file import parse_config
from floor.gateway.opcua import connection as connection_module
from floor.gateway.opcua import subscription as subscription_module
from floor.gateway.opcua.browse import browse, point_list
from floor.gateway.opcua.opcua_source import OpcUaSource
from floor.gateway.opcua_config import OpcUaConfig
from floor.gateway.reading import Reading

pytestmark = [pytest.mark.asyncio(loop_scope='module'), pytest.mark.xdist_group('opcua')]
PATIENCE_S = 60
DISCARDED = 0x480
"""A good value, before which the server has discarded others."""
ACTIVATE_SESSION, PUBLISH = (b'\x01\x00' + each.to_bytes(2, 'little') for each in (
    ObjectIds.ActivateSessionRequest_Encoding_DefaultBinary, ObjectIds.PublishRequest_Encoding_DefaultBinary))
"""As their requests begin."""

SECURE = '  security: {server_certificate: trusted.der}'
LOGIN = '  login: {user: anna, password: {env: OPCUA_PASSWORD}}'


@pytest_asyncio.fixture(loop_scope='module', scope='module')
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaPlant]:
    plant = OpcUaPlant(tmp_path_factory.mktemp('plant'))
    await plant.prepare()
    await plant.start()
    yield plant
    await plant.stop()


@pytest_asyncio.fixture(loop_scope='module')
async def site(server: OpcUaPlant) -> OpcUaPlant:
    """Both presses run, whatever another test has left."""
    for machine in server.states:
        await server.set(machine, 3)
    return server


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(source_module, 'FIRST_BACKOFF_S', 0.05)
    monkeypatch.setattr(connection_module, 'WATCHDOG_S', 0.5)


class Heard:
    """What a source has emitted."""

    def __init__(self, source: OpcUaSource) -> None:
        self.source = source
        self.readings: list[Reading] = []
        self._changed = asyncio.Event()

    def emit(self, reading: Reading) -> None:
        self.readings.append(reading)
        self._changed.set()

    def of(self, machine: str) -> list[Reading]:
        return [each for each in self.readings if each.point.machine == machine]

    def values(self, machine: str) -> list[object]:
        return [each.value for each in self.of(machine)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                waiting = asyncio.create_task(self._changed.wait())
                await asyncio.wait([waiting], timeout=0.05)
                waiting.cancel()

    async def last(self, machine: str, value: object) -> Reading:
        await self.until(lambda: self.values(machine)[-1:] == [value])
        return self.of(machine)[-1]

    async def connected(self) -> None:
        """Until the server has answered for all nodes."""
        await self.until(lambda: self.source.state.connected)

    async def fault(self) -> str:
        await self.until(lambda: self.source.state.error is not None)
        return str(self.source.state.error)


POINTS = f"""
  points:
  - {{machine: Press 1, node: 'nsu={NAMESPACE};s=Press 1.State', values: {{3: operational, 4: down}}}}
  - {{machine: Press 2, node: 'nsu={NAMESPACE};s=Press 2.State', values: {{3: operational, 4: down}}}}
  - {{machine: Press 9, node: 'nsu={NAMESPACE};s=Press 9.State', values: {{3: operational, 4: down}}}}
"""


def config(port: int, folder: Path, extra: str = '', points: str = POINTS) -> OpcUaConfig:
    text = f"""
app: {{url: 'http://floor', token: {{env: TOKEN}}}}
queue: {{folder: queue}}
sources:
- name: plant
  type: opcua
  url: opc.tcp://127.0.0.1:{port}/plant
{'' if 'interval' in extra else '  interval: 0.02'}
{extra}
{points}"""
    source = parse_config(text, 'gateway.yaml', folder).sources[0]
    assert isinstance(source, OpcUaConfig)
    return source


@asynccontextmanager
async def reading(port: int, folder: Path, extra: str = '', *, kept: bool = False) -> AsyncIterator[Heard]:
    """kept: the folder remembers the subscription."""
    heard = Heard(OpcUaSource(config(port, folder, extra), folder if kept else None))
    task = asyncio.create_task(heard.source.run(heard.emit))
    try:
        yield heard
    finally:
        await end([task])


async def test_values_come_with_the_time_of_their_source_and_bad_quality_is_no_signal(
        site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
        await site.set('Press 1', 4, at=at)
        assert (await heard.last('Press 1', 4)).at == at
        await site.set('Press 1', 4, status=StatusCodes.BadNoCommunication)
        assert (await heard.last('Press 1', None)).detail == 'bad quality: BadNoCommunication'
        await site.set('Press 1', 3)
        await heard.last('Press 1', 3)
        assert heard.values('Press 2') == [3]


async def test_changes_between_two_messages_of_the_server_all_arrive_in_order(
        site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        for number in range(100, 200):
            await site.set('Press 1', number)
        await site.set('Press 1', 3)
        await heard.until(lambda: len(heard.values('Press 1')) >= 102)
        assert heard.values('Press 1') == [3, *range(100, 200), 3]


async def test_node_that_the_server_does_not_have_disturbs_no_other(site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path) as heard:
        assert (await heard.last('Press 9', None)).detail == 'not on the server'
        await heard.last('Press 1', 3)
        assert heard.source.state.ignored == {'no such node': 1}


async def test_change_during_an_outage_of_the_network_has_its_own_time(site: OpcUaPlant, tmp_path: Path) -> None:
    async with TcpProxy(site.port) as proxy, reading(proxy.port, tmp_path) as heard:
        await heard.last('Press 2', 3)
        proxy.refuse()
        await heard.until(lambda: not heard.source.state.connected)
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        await site.set('Press 1', 4, at=at)
        proxy.heal()
        assert (await heard.last('Press 1', 4)).at == at
        await heard.until(lambda: heard.values('Press 2') == [3, 3])
        await site.set('Press 1', 3)
        await heard.last('Press 1', 3)


@pytest.mark.parametrize('cut', ['refuse', 'forget'])
async def test_changes_during_an_outage_of_the_network_all_arrive_once_and_in_order(
        site: OpcUaPlant, tmp_path: Path, cut: str) -> None:
    """forget: the server does not notice, and sends them where nobody hears."""
    async with TcpProxy(site.port) as proxy, reading(proxy.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 3)
        await heard.connected()
        getattr(proxy, cut)()
        for number in range(100, 150):
            await site.set('Press 1', number)
            await asyncio.sleep(0.01)
        await heard.until(lambda: not heard.source.state.connected)
        for number in range(150, 160):
            await site.set('Press 1', number)
        proxy.heal()
        await site.set('Press 1', 3)
        await heard.connected()
        await site.set('Press 1', 4)
        await heard.last('Press 1', 4)
        await site.set('Press 1', 3)
        await heard.last('Press 1', 3)
        changes = dict.fromkeys((each.value, each.at) for each in heard.of('Press 1'))
        assert [value for value, _ in changes] == [3, *range(100, 160), 3, 4, 3]
        assert [each.lost_since for each in heard.readings] == [None] * len(heard.readings)
        assert [each.value for each in heard.of('Press 2')] == [3, 3], 'it is read again, and is what it was'


async def test_changes_while_the_gateway_is_away_arrive_when_it_is_back(site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 3)
        await heard.connected()
    for number in range(100, 120):
        await site.set('Press 1', number)
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 119)
        await heard.connected()
        assert list(dict.fromkeys(heard.values('Press 1'))) == [*range(100, 120)]
        assert heard.source.state.ignored == {'no such node': 1}
        assert {each.lost_since for each in heard.readings} == {None}
        await site.set('Press 1', 3)
        await heard.last('Press 1', 3)


async def test_session_of_which_one_answer_was_lost_is_not_given_up(site: OpcUaPlant, tmp_path: Path) -> None:
    async with TcpProxy(site.port) as proxy:
        async with reading(proxy.port, tmp_path, kept=True) as heard:
            await heard.last('Press 1', 3)
            await heard.connected()
        for number in range(100, 110):
            await site.set('Press 1', number)
        proxy.lose_answer_to(ACTIVATE_SESSION)
        async with reading(proxy.port, tmp_path, kept=True) as heard:
            await heard.last('Press 1', 109)
            assert proxy.answers_lost == 1
            assert list(dict.fromkeys(heard.values('Press 1'))) == [*range(100, 110)]
            assert {each.lost_since for each in heard.readings} == {None}
            await site.set('Press 1', 3)
            await heard.last('Press 1', 3)


async def test_server_that_is_silent_while_the_gateway_goes_on_keeps_its_subscription(
        site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, 'SILENT_S', 0.1)
    monkeypatch.setattr(connection_module, 'WATCHDOG_S', 60)  # the library would notice first
    async with TcpProxy(site.port) as proxy:
        async with reading(proxy.port, tmp_path, kept=True) as heard:
            await heard.last('Press 1', 3)
            await heard.connected()
        for number in range(100, 110):
            await site.set('Press 1', number)

        async def fall_silent() -> None:
            proxy.blackhole()

        proxy.before[PUBLISH] = fall_silent
        async with reading(proxy.port, tmp_path, kept=True) as heard:
            await heard.fault()
            proxy.heal()
            await heard.last('Press 1', 109)
            assert list(dict.fromkeys(heard.values('Press 1'))) == [*range(100, 110)]
            assert {each.lost_since for each in heard.readings} == {None}
            await site.set('Press 1', 3)
            await heard.last('Press 1', 3)


async def test_server_that_has_more_values_is_heard_when_all_have_arrived(
        site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pop = InternalSubscription._pop_publish_result

    def pop_some(subscription: InternalSubscription) -> ua.PublishResult:
        result = pop(subscription)
        result.MoreNotifications = True
        return result

    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        await heard.connected()
        with monkeypatch.context() as server:
            server.setattr(InternalSubscription, '_pop_publish_result', pop_some)
            await site.set('Press 1', 4)
            await heard.last('Press 1', 4)
            heard_at = heard.source.state.heard_at
            await site.set('Press 1', 3)
            await heard.last('Press 1', 3)
            assert heard.source.state.heard_at == heard_at
        await heard.until(lambda: heard.source.state.heard_at > heard_at)


async def test_clock_of_this_computer_that_is_set_ends_no_connection(
        site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        begin, checked = time.time(), asyncio.get_running_loop().time() + 3 * subscription_module.KEEPALIVE_S
        monkeypatch.setattr(time, 'time', lambda: begin + 1e6 * time.monotonic())
        await heard.until(lambda: asyncio.get_running_loop().time() > checked)
        assert heard.source.state.connections == 1


async def test_what_the_server_did_not_keep_is_known_to_be_lost(site: OpcUaPlant, tmp_path: Path) -> None:
    async with TcpProxy(site.port) as proxy, reading(proxy.port, tmp_path, kept=True) as heard:
        await heard.last('Press 2', 3)
        await heard.last('Press 1', 3)
        await heard.connected()
        proxy.refuse()
        await heard.until(lambda: not heard.source.state.connected)
        before = datetime.now(UTC)
        await site.forget()
        await site.set('Press 1', 4)
        await site.set('Press 1', 3)
        proxy.heal()
        await heard.until(lambda: len(heard.of('Press 1')) == len(heard.of('Press 2')) == 2)
        lost_since = heard.of('Press 1')[1].lost_since
        assert lost_since is not None
        assert lost_since <= before < heard.of('Press 1')[1].at
        assert heard.of('Press 2')[1].lost_since is None, 'its time says that it is what it was'


async def test_changes_that_the_server_discarded_while_the_gateway_was_away_are_known_to_be_lost(
        site: OpcUaPlant, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 3)
        await heard.last('Press 2', 3)
        await heard.connected()
    await site.set('Press 1', 4, status=DISCARDED)
    await site.set('Press 1', 3)
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.connected()
        first, *later = heard.of('Press 1')
        assert first.lost_since is not None
        assert first.at is not None
        assert began < first.lost_since < first.at
        assert {each.lost_since for each in (*later, *heard.of('Press 2'))} == {None}


async def test_changes_that_the_server_discarded_are_lost_since_the_value_before_if_that_came_late(
        site: OpcUaPlant, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        await site.set('Press 1', 4, at=now - timedelta(minutes=5))
        await heard.last('Press 1', 4)
        await site.set('Press 1', 3, at=now - timedelta(minutes=1), status=DISCARDED)
        assert (await heard.last('Press 1', 3)).lost_since == now - timedelta(minutes=5)


async def test_change_while_the_gateway_was_away_may_be_one_of_many_if_the_server_keeps_one(
        site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, 'SERVER_QUEUE', 1)
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 3)
        await heard.last('Press 2', 3)
        await heard.connected()
    await site.set('Press 1', 4)
    await site.set('Press 1', 3)
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.connected()
        first, *later = heard.of('Press 1')
        assert (first.value, first.lost_since is None) == (3, False)
        assert {each.lost_since for each in (*later, *heard.of('Press 2'))} == {None}


async def test_subscription_of_which_the_server_has_not_answered_for_all_nodes_is_made_again(
        site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first values come before that answer, and a gateway that has many nodes asks for some after the others."""
    monitor = subscription_module.Subscription.monitor

    async def of_the_first(self: subscription_module.Subscription, nodes: Any) -> None:
        await monitor(self, nodes[:1])
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(subscription_module.Subscription, 'monitor', of_the_first)
        async with reading(site.port, tmp_path, kept=True) as heard:
            await heard.last('Press 1', 3)
            await site.set('Press 1', 4)
            await heard.last('Press 1', 4)
    await site.set('Press 1', 3)
    async with reading(site.port, tmp_path, kept=True) as heard:
        assert (await heard.last('Press 1', 3)).lost_since is not None
        await heard.last('Press 2', 3)
        await site.set('Press 2', 4)
        await heard.last('Press 2', 4)


@pytest.mark.parametrize('what', ['interval', 'url'])
async def test_subscription_is_a_new_one_after_a_change_in_the_file(
        site: OpcUaPlant, tmp_path: Path, what: str) -> None:
    """The address of a proxy stands for that of another server."""
    await site.forget()
    async with reading(site.port, tmp_path, kept=True) as heard:
        await heard.last('Press 1', 3)
        await heard.connected()
        before = site.subscriptions
    await site.set('Press 1', 4)
    await site.set('Press 1', 3)
    async with TcpProxy(site.port) as proxy, reading(
            proxy.port if what == 'url' else site.port, tmp_path, '  interval: 0.05' if what == 'interval' else '',
            kept=True) as heard:
        assert (await heard.last('Press 1', 3)).lost_since is not None
        assert heard.values('Press 1') == [3]
        new = [each for each in site.subscriptions if each not in before]
        assert [interval for _, interval in new] == [50 if what == 'interval' else 20]
        assert what == 'url' or len(site.subscriptions) == 1


async def test_server_that_stops_and_starts_again(site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path) as heard:
        await heard.last('Press 1', 3)
        await site.stop()
        await heard.until(lambda: not heard.source.state.connected)
        await site.set('Press 1', 4)
        await site.start()
        await heard.last('Press 1', 4)
        await heard.connected()
        await site.set('Press 1', 3)
        await heard.last('Press 1', 3)


async def test_signed_and_encrypted_once_the_certificate_of_the_server_is_trusted(
        site: OpcUaPlant, tmp_path: Path) -> None:
    async with reading(site.port, tmp_path, SECURE) as heard:
        assert await heard.fault() == ('the certificate of the server, trusted.der, does not exist; the one that it '
                                       'shows is in trusted.der.presented: compare its fingerprint and rename it')
        (tmp_path / 'trusted.der.presented').rename(tmp_path / 'trusted.der')
        await heard.last('Press 1', 3)
    assert (tmp_path / 'trusted.der').read_bytes() == site.certificate.read_bytes()
    assert (tmp_path / 'opcua-client.der').exists()


async def test_certificate_of_the_server_that_has_expired(site: OpcUaPlant, tmp_path: Path) -> None:
    await site.stop()
    await site.start(expired=True)
    (tmp_path / 'trusted.der').write_bytes(site.certificate.read_bytes())
    async with reading(site.port, tmp_path, SECURE) as heard:
        assert 'the certificate of the server expired on' in await heard.fault()
        assert heard.readings == []
    await site.stop()
    await site.start()


async def test_list_of_points_of_a_server_is_a_part_of_gateway_yaml(site: OpcUaPlant, tmp_path: Path) -> None:
    lines = list(point_list(await browse(config(site.port, tmp_path), None)))
    assert lines == ['    points:', *(line for name in ('Press 1', 'Press 2') for line in (
        f'      # {name} / State: Int32, now 3', f'      - node: "nsu={NAMESPACE};s={name}.State"',
        f'        machine: "{name}"', '        # values: {1: operational, 2: warning, 3: down}'))]
    points = config(site.port, tmp_path, '\n'.join(line[2:] for line in lines), points='').points
    assert [each.machine for each in points] == ['Press 1', 'Press 2']


async def test_user_with_a_password(site: OpcUaPlant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OPCUA_PASSWORD', 'guess')
    async with reading(site.port, tmp_path, LOGIN) as heard:
        assert 'it refuses the user, the password' in await heard.fault()
    monkeypatch.setenv('OPCUA_PASSWORD', PASSWORD)
    (tmp_path / 'trusted.der').write_bytes(site.certificate.read_bytes())
    async with reading(site.port, tmp_path, f'{SECURE}\n{LOGIN}') as heard:
        await heard.last('Press 1', 3)


async def test_security_that_the_server_does_not_offer(site: OpcUaPlant, tmp_path: Path) -> None:
    extra = '  security: {policy: Aes256Sha256RsaPss, server_certificate: trusted.der}'
    async with reading(site.port, tmp_path, extra) as heard:
        assert await heard.fault() == ('the server does not offer Aes256Sha256RsaPss with SignAndEncrypt, only: '
                                       'Basic256Sha256 SignAndEncrypt, None None')


async def test_nobody_at_the_address(tmp_path: Path, site: OpcUaPlant) -> None:
    async with TcpProxy(site.port) as proxy:
        port = proxy.port
    async with reading(port, tmp_path) as heard:
        assert 'does not answer' in await heard.fault()
