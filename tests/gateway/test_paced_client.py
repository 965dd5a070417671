"""Reading messages together: how many reads there are, and that no message waits, is lost or taken twice by it."""

from __future__ import annotations

import asyncio
import math
import select
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from gateway.harness import NEEDS_MOSQUITTO, WAIT_S, Mosquitto, make_certificates, mosquitto, until
from tcp_proxy import TcpProxy

from floor.core.tasks import end
from floor.gateway import paced_client
from floor.gateway.broker import until_disconnected
from floor.gateway.paced_client import PacedClient

pytestmark = NEEDS_MOSQUITTO

TOPIC = 'plant/Saw'
ENDLESS_S = 1e6


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as broker:
        yield broker


class Reader:
    """A client that is subscribed, what it took, and how often it read."""

    def __init__(self, broker: Mosquitto, tls: ssl.SSLContext | None = None) -> None:
        self.payloads: list[int] = []
        self.reads = 0
        self.client = PacedClient(self._take, '127.0.0.1', broker.port, identifier='reader', clean_session=False,
                                  tls_context=tls, timeout=WAIT_S)

    def _take(self, message: aiomqtt.Message) -> None:
        assert isinstance(message.payload, bytes)
        self.payloads.append(int(message.payload))

    def count_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read = self.client._read_messages

        def counted() -> bool:
            self.reads += 1
            return read()

        monkeypatch.setattr(self.client, '_read_messages', counted)


@asynccontextmanager
async def reading(reader: Reader) -> AsyncIterator[Reader]:
    async with reader.client as client:
        await client.subscribe(TOPIC, qos=1)
        yield reader


async def publish(client: aiomqtt.Client, first: int, count: int, gap: float) -> None:
    for number in range(first, first + count):
        await client.publish(TOPIC, str(number), qos=1)
        await asyncio.sleep(gap)


async def in_a_pause(reader: Reader, client: aiomqtt.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has taken two messages, and the second one has begun a pause that only its end ends."""
    monkeypatch.setattr(paced_client, 'PAUSE_S', ENDLESS_S)
    monkeypatch.setattr(paced_client, 'BACKLOG_S', 0)
    reader.client._taken_at = -math.inf
    await publish(client, 0, 1, 0)
    await until(lambda: reader.payloads == [0])
    await publish(client, 1, 1, 0)
    await until(lambda: reader.payloads == [0, 1])


def has_arrived(client: PacedClient) -> bool:
    return bool(select.select([client._client.socket()], [], [], 0)[0])


async def test_messages_that_follow_closely_are_read_together(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    await broker.start()
    reader = Reader(broker)
    reader.count_reads(monkeypatch)
    async with reading(reader), aiomqtt.Client('127.0.0.1', broker.port) as client:
        await in_a_pause(reader, client, monkeypatch)
        before = reader.reads
        await publish(client, 2, 58, 0)
        await until(lambda: has_arrived(reader.client) or reader.reads > before)
        assert reader.reads == before, 'the event loop woke up for each message: has aiomqtt changed?'

        def all_taken() -> bool:
            reader.client.end_pause()
            return len(reader.payloads) == 60
        await until(all_taken)
        monkeypatch.setattr(paced_client, 'PAUSE_S', 0)   # else it waits for the answer to its goodbye
    assert reader.payloads == list(range(60))


async def test_what_has_arrived_is_taken_at_once_on_demand(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    await broker.start()
    async with reading(Reader(broker)) as reader, aiomqtt.Client('127.0.0.1', broker.port) as client:
        reader.client.end_pause()   # there is none
        await in_a_pause(reader, client, monkeypatch)
        await publish(client, 2, 1, 0)
        await until(lambda: has_arrived(reader.client) or len(reader.payloads) > 2)
        assert reader.payloads == [0, 1]
        reader.client.end_pause()
        assert reader.payloads == [0, 1, 2]
        await publish(client, 3, 1, 0)
        await until(lambda: reader.payloads == [0, 1, 2, 3])   # the end of a pause does not begin another one
        monkeypatch.setattr(paced_client, 'PAUSE_S', 0)   # else it waits for the answer to its goodbye


async def test_a_backlog_of_a_broker_that_waits_for_each_acknowledgement_is_read_without_pauses(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_client, 'PAUSE_S', 3 * WAIT_S)   # one is waited for in vain
    monkeypatch.setattr(paced_client, 'BACKLOG_S', 2 * WAIT_S)
    with mosquitto(tmp_path, 'allow_anonymous true', 'max_inflight_messages 1') as broker:
        await broker.start()
        async with reading(Reader(broker)):
            pass
        async with aiomqtt.Client('127.0.0.1', broker.port) as client:
            await publish(client, 0, 50, 0)
        async with reading(Reader(broker)) as reader:
            await until(lambda: len(reader.payloads) == 50)
        assert reader.payloads == list(range(50))


async def test_many_messages_in_one_record_of_tls_are_all_taken(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_client, 'AT_ONCE', 3)
    make_certificates(tmp_path)
    lines = ['allow_anonymous true', 'max_inflight_messages 0', f'certfile {tmp_path}/server.crt',
             f'keyfile {tmp_path}/server.key']
    with mosquitto(tmp_path, *lines) as broker:
        await broker.start()
        tls = ssl.create_default_context(cafile=tmp_path / 'ca.crt')
        async with reading(Reader(broker, tls)):
            pass
        async with aiomqtt.Client('127.0.0.1', broker.port, tls_context=tls) as client:
            await asyncio.gather(*(client.publish(TOPIC, str(number), qos=1) for number in range(200)))
        async with reading(Reader(broker, tls)) as reader:
            await until(lambda: len(reader.payloads) == 200)


async def test_after_an_error_nothing_more_is_taken_and_the_message_comes_again(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_client, 'FAILED_PAUSE_S', 0.01)
    await broker.start()
    reader, again = Reader(broker), Reader(broker)
    calls: list[bytes] = []

    def fail(message: aiomqtt.Message) -> None:
        assert isinstance(message.payload, bytes)
        calls.append(message.payload)
        raise OSError('the disk is full')

    reader.client._take_message = fail
    with pytest.raises(aiomqtt.MqttError):
        async with reading(reader), aiomqtt.Client('127.0.0.1', broker.port) as client:
            await publish(client, 0, 5, 0)
            await until_disconnected(reader.client)
    assert reader.client._client.socket() is None
    async with reading(again):
        await until(lambda: again.payloads == [0, 1, 2, 3, 4])
    assert calls == [b'0']


async def test_a_broker_that_does_not_answer_is_left(broker: Mosquitto) -> None:
    await broker.start()
    async with TcpProxy(broker.port) as network:
        network.blackhole()
        client = PacedClient(lambda _message: None, '127.0.0.1', network.port, timeout=0.2)
        with pytest.raises(aiomqtt.MqttError):
            async with client:
                pass
    assert client._client.socket() is None


async def test_an_answer_to_a_ping_is_heard_and_a_network_that_is_cut_is_not(broker: Mosquitto) -> None:
    await broker.start()
    heard: list[bool] = []
    async with TcpProxy(broker.port) as network:
        client = PacedClient(lambda _message: None, '127.0.0.1', network.port, keepalive=1, timeout=5)
        client.on_data = lambda: heard.append(True)
        with pytest.raises(aiomqtt.MqttError):
            async with client:
                heard.clear()
                await until(lambda: heard)
                network.blackhole()
                heard.clear()
                await until_disconnected(client)
        assert heard == []


async def test_what_has_arrived_is_heard_when_all_of_it_was_taken(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_client, 'AT_ONCE', 3)
    await broker.start()
    async with reading(Reader(broker)):
        pass
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        await publish(client, 0, 200, 0)
    reader, was_all, heard = Reader(broker), [True], []
    read = reader.client._read_messages

    def watched() -> bool:
        was_all.append(read())
        return was_all[-1]

    monkeypatch.setattr(reader.client, '_read_messages', watched)
    reader.client.on_data = lambda: heard.append((len(reader.payloads), was_all[-1]))
    async with reading(reader):
        await until(lambda: heard and heard[-1][0] == 200)
    assert False in was_all
    assert {is_all for _, is_all in heard} == {True}


async def test_it_disconnects_at_any_moment_of_a_pause(broker: Mosquitto) -> None:
    """And publishes before it: a client whose answer does not come raises an error after WAIT_S."""
    await broker.start()
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        traffic = asyncio.create_task(publish(client, 0, 10_000, 0.01))
        try:
            for number in range(20):
                async with reading(Reader(broker)) as reader:
                    await asyncio.sleep(0.1 + number * 0.007)
                    await reader.client.publish('plant/state', 'offline', qos=1)
                assert reader.client._client.socket() is None
        finally:
            await end((traffic,))
