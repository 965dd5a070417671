"""What is done to the gateway and around it while machines publish."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from database.postgres import until
from gateway.opcua_plant import NAMESPACE, OpcUaPlant
from short_folder import short_folder
from tcp_proxy import TcpProxy

from faults.scene import connect
from floor.core.machines import Status
from floor.core.tasks import end
from floor.gateway.event_format import status_event
from floor.gateway.event_queue import EventQueue

from . import edge_node
from .checker import Expectation
from .edge_node import EdgeNode
from .publisher import CODES, VALUES, Sent
from .site import Plant, Site, site, site_names, waiting

HOUR = timedelta(hours=1)
PUBACK = b'\x40\x02'
"""The start of an acknowledgement in MQTT."""


FLOOD_PER_S = 3_000


@dataclass(frozen=True, slots=True)
class GatewayFault:
    """play: does it, and returns what differs. mutations: each of them must be noticed. short: whether it is part of
    the test suite."""

    name: str
    play: Callable[[Plant, str | None, bool, int], Awaitable[tuple[Site, list[str]]]]
    mutations: tuple[str, ...] = ()
    short: bool = False


async def killed(plant: Plant, mutation: str | None, quick: bool, kills: int) -> tuple[Site, list[str]]:
    """kill -9 of the gateway at random moments, with the app away in every second case."""
    async with site(plant, 'killed', mutation, quick=quick) as s:
        async with flowing(s, rate=100):
            for number in range(kills):
                if number % 2 == 0:
                    s.app_network.refuse()
                await asyncio.sleep(s.moments.uniform(0.2, 1.0 if quick else 2.0))
                await s.gateway.end()
                s.app_network.heal()
                s.gateway.start()
                await s.gateway.connected()
        return s, await s.settle()


async def broker(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """kill -9 of the broker; machines go on, and send again what it may have forgotten. Over TLS."""
    async with site(plant, 'broker', mutation, quick=quick, tls=True) as s:
        for _ in range(1 if quick else 5):
            await s.session_kept()
            await s.publisher.flow(100, rate=100)
            s.broker.kill()
            killed_at = datetime.now(UTC)
            again = s.publisher.recent(killed_at)
            await s.gateway.connected(False)
            later = []
            for _ in range(25):
                later += s.publisher.changes(10)
                await asyncio.sleep(0.1)
            await s.broker.start()
            await s.publisher.publish([*again, *later])
            await s.gateway.connected()
        await s.publisher.flow(100, rate=100)
        return s, await s.settle(Expectation(gaps=True, exact_minutes=False))


async def app_away(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """The app cannot be reached for an hour by the times of the events; then the queue drains."""
    async with site(plant, 'app away', mutation, quick=quick, more='repeat: 3600,') as s:
        count = 1_500 if quick else 36_000
        s.app_network.refuse()
        await s.publisher.publish(s.publisher.changes(count, begin=datetime.now(UTC) - HOUR,
                                                      over=HOUR - timedelta(seconds=5)))
        await s.gateway.until(lambda health: health['sources'][0]['messages'] >= count, 300)
        s.app_network.heal()
        began = time.monotonic()
        await s.gateway.until(lambda health: not waiting(health), 600)
        s.figures['drained'] = f'{2 * count / (time.monotonic() - began):,.0f} events/s'
        return s, await s.settle()


async def network(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """The network to the app loses answers, is reset, is silent, and is back."""
    async with site(plant, 'network', mutation, quick=quick) as s:
        async with flowing(s, rate=100):
            for number in range(6 if quick else 60):
                await asyncio.sleep(0.3)
                if number % 3 == 2:
                    s.app_network.blackhole()
                    await asyncio.sleep(0.3 if quick else s.moments.uniform(0, 5))
                    s.app_network.reset()
                    s.app_network.heal()
                elif number % 3 == 1:
                    s.app_network.reset()
                else:
                    s.app_network.lose_answer_to(b'POST /api/feed')
                    await until(lambda lost=s.app_network.answers_lost: s.app_network.answers_lost > lost)
        s.figures['answers lost'] = str(s.app_network.answers_lost)
        return s, await s.settle()


async def database(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """kill -9 of the embedded database; the app starts it again."""
    async with site(plant, 'database', mutation, quick=quick) as s:
        for _ in range(1 if quick else 5):
            async with flowing(s, rate=100):
                before = await s.stored()
                while await s.stored() == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                await asyncio.sleep(s.moments.uniform(0.5, 1))
                for process in (plant.program.postmaster, *plant.program.postmaster.children(recursive=True)):
                    process.kill()
                await asyncio.sleep(1)
            (await connect(plant.program.database_url)).terminate()
            await s.gateway.until(lambda health: not waiting(health))
        return s, await s.settle()


async def plant_network(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """Acknowledgements to the broker are lost on the way, and the gateway is killed: everything comes a second time."""
    async with site(plant, 'plant network', mutation, quick=quick) as s:
        for _ in range(2 if quick else 20):
            await s.publisher.flow(20, rate=100)
            await s.gateway.until(lambda health: health['sources'][0]['messages'])
            s.plant_network.before[PUBACK] = never
            before = (await s.gateway.health())['sources'][0]['messages']
            await s.publisher.publish(s.publisher.changes(10))
            await s.gateway.until(lambda health, before=before: health['sources'][0]['messages'] >= before + 10)
            await s.gateway.end()
            s.gateway.start()
            await s.gateway.connected()
        return s, await s.settle()


async def broker_network(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """The network between the broker and the gateway is reset, is down, and carries nothing without a word to either
    side, which the gateway has to notice; machines go on, and their statuses are repeated each second. Over TLS."""
    async with site(plant, 'broker network', mutation, quick=quick, tls=True, more='keepalive: 5, repeat: 1,') as s:
        network = s.plant_network
        for number in range(1 if quick else 10):
            async with flowing(s, rate=100):
                await s.without_signal(0)
                before = (await s.gateway.health())['sources'][0]['connections']
                network.reset()
                await s.gateway.until(lambda health, before=before: health['sources'][0]['connections'] > before)
                await asyncio.sleep(s.moments.uniform(0, 0.5))
                if number % 2:
                    network.refuse()
                else:
                    network.blackhole()
                await s.without_signal(len(s.machines))
                network.forget()
                network.heal()
        async with flowing(s, rate=100):
            await s.without_signal(0)
        return s, await s.settle(Expectation(gaps=True, exact_minutes=False))


async def gateway_away(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """The gateway is stopped for an hour by the times of the messages, which the broker keeps. Of the five minutes
    before that hour there is none: the machines were without a signal, as a gateway repeats what it reports."""
    async with site(plant, 'gateway away', mutation, quick=quick) as s:
        await s.publisher.flow(8, rate=100, begin=datetime.now(UTC) - 1.1 * HOUR, over=timedelta(minutes=1))
        await s.gateway.until(lambda health: health['sources'][0]['messages'] == 8)
        await s.gateway.end()
        await s.publisher.publish(s.publisher.changes(800 if quick else 36_000, begin=datetime.now(UTC) - HOUR,
                                                      over=HOUR - timedelta(seconds=5)))
        s.gateway.start()
        return s, await s.settle(Expectation(gaps=True))


async def out_of_order(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """Messages of ten minutes in any order, and each fifth twice."""
    async with site(plant, 'out of order', mutation, quick=quick, more='repeat: 3600,') as s:
        span = timedelta(minutes=9, seconds=30)
        begin = datetime.now(UTC) - span - timedelta(seconds=20)
        changes = s.publisher.changes(400 if quick else 8_000, begin=begin, over=span)
        twice = [*changes, *changes[::5]]
        s.moments.shuffle(twice)
        await s.publisher.publish(twice)
        return s, await s.settle(Expectation(in_order=False, counts=False))


async def clock(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """The clock of the machines is an hour ahead, and then an hour behind: changes count from when they arrive."""
    async with site(plant, 'clock', mutation, quick=quick) as s:
        for wrong in (HOUR, -HOUR):
            await s.publisher.flow(80, rate=40, begin=datetime.now(UTC) + wrong, over=timedelta(seconds=2))
        return s, await s.settle(by_arrival=True)


async def flood(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """3,000 events a second for a minute: a half of them statuses, a half counts."""
    async with site(plant, 'flood', mutation, quick=quick, machines=100) as s:
        count = FLOOD_PER_S // 2 * (3 if quick else 60)
        parts = {'gateway': s.gateway.process, 'app': plant.program.process, 'database': plant.program.postmaster}
        before, began = {name: processor_s(each) for name, each in parts.items()}, time.monotonic()
        await s.publisher.flow(count, rate=FLOOD_PER_S / 2)
        took = time.monotonic() - began
        s.figures['published'] = f'{2 * count / took:,.0f} events/s'
        health = await s.gateway.health()
        read = health['sources'][0]['messages']
        s.figures['in the gateway after that'] = f'{2 * read:,} of {2 * count:,} read, {waiting(health):,} queued'
        await s.gateway.until(lambda health: health['sources'][0]['messages'] >= count, 600)
        s.figures['read'] = f'{2 * count / (time.monotonic() - began):,.0f} events/s'
        await s.gateway.until(lambda health: not waiting(health), 600)
        s.figures['stored'] = f'{2 * count / (time.monotonic() - began):,.0f} events/s'
        for name, each in parts.items():
            s.figures[f'processor time of the {name}'] = (
                f'{(processor_s(each) - before[name]) / (2 * count) * 1e6:,.0f} us an event')
        return s, await s.settle()


def processor_s(process: psutil.Process) -> float:
    """Seconds that a process and its children have used a processor, those that have ended too."""
    used = process.cpu_times()
    return sum((used.user, used.system, used.children_user, used.children_system,
                *(sum(each.cpu_times()[:2]) for each in process.children(recursive=True))))


async def drain(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """A million events that are in the queue, of a day."""
    async with site(plant, 'drain', mutation, quick=quick, machines=100, starts=False) as s:
        count = 5_000 if quick else 1_000_000
        changes = s.publisher.changes(count, begin=datetime.now(UTC) - 24 * HOUR, over=24 * HOUR - timedelta(minutes=1))
        fill(s.folder / 'queue', changes)
        began = time.monotonic()
        s.gateway.start()
        await s.gateway.until(lambda health: not waiting(health), 3_000)
        s.figures['drained'] = f'{count / (time.monotonic() - began):,.0f} events/s'
        return s, await s.settle(Expectation(counts=False))


def fill(folder: Path, changes: Sequence[Sent]) -> None:
    """Put changes into a gateway's queue."""
    queue = EventQueue(folder, 10_000_000)
    for begin in range(0, len(changes), 10_000):
        queue.put([status_event(each.machine, each.at, Status(each.status), each.reason)
                   for each in changes[begin:begin + 10_000]])
    queue.close()


OPCUA = """  - {{{{type: opcua, name: plant, url: 'opc.tcp://127.0.0.1:{port}/plant', grace: 1, repeat: 1,
     interval: 0.01, points: {{points}}}}}}"""


async def opcua(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """An OPC UA server changes values while the app is away, while the network to it is down or silent, and while the
    gateway is killed; it is stopped and started."""
    with short_folder() as folder:
        server = OpcUaPlant(folder)
        await server.prepare()
        await server.start()
        for press in server.states:
            await server.set(press, CODES)   # no code: before the first change, nothing is known
        names = dict(zip(server.states, site_names('opcua', mutation, 2), strict=True))
        points = [{'node': f'nsu={NAMESPACE};s={press}.State', 'machine': machine, 'values': VALUES}
                  for press, machine in names.items()]
        presses = {machine: press for press, machine in names.items()}

        async def change(count: int, pause: float = 0.02) -> None:
            for _ in range(count):
                each, = s.publisher.changes(1)
                await server.set(presses[each.machine], each.code, at=each.at)
                await asyncio.sleep(pause)

        try:
            async with TcpProxy(server.port) as server_network, site(
                    plant, 'opcua', mutation, quick=quick, machines=2, source=OPCUA.format(port=server_network.port),
                    points=json.dumps(points)) as s:
                for number in range(2 if quick else 10):
                    await change(50)
                    s.app_network.refuse()
                    await change(50)
                    s.app_network.heal()
                    (server_network.forget if number % 2 else server_network.refuse)()
                    await change(20, 0.05 if quick else s.moments.uniform(0.25, 3))
                    server_network.heal()
                    await s.gateway.connected()
                    await change(10)
                    await s.gateway.end()
                    await change(20)
                    s.gateway.start()
                    await s.gateway.connected()
                    await change(10)
                    await s.gateway.until(lambda health: not waiting(health))
                    await server.stop()
                    await s.gateway.connected(False)
                    await asyncio.sleep(2)   # more than grace
                    await server.start()
                    await s.gateway.connected()
                await change(20)
                return s, await s.settle(Expectation(gaps=True, counts=False))
        finally:
            await server.stop()


async def sparkplug(plant: Plant, mutation: str | None, quick: bool, _kills: int) -> tuple[Site, list[str]]:
    """An edge node: the gateway is away for an hour, by the times of the changes, and is killed; a message is lost; the
    death of an earlier connection comes late; the node dies; the broker is killed."""
    async with site(plant, 'sparkplug', mutation, quick=quick, source=edge_node.SOURCE, points=edge_node.POINTS,
                    more='repeat: 3600,') as s:
        node = EdgeNode(s.publisher.port, s.machines)
        try:
            began = datetime.now(UTC) - 0.9 * HOUR
            await node.publish(s.publisher.changes(len(s.machines), begin=began))
            await node.connect()
            await s.gateway.until(lambda health: health['machines'] == len(s.machines))
            await s.gateway.end()
            await until(lambda: not node.is_heard)
            await node.publish(s.publisher.changes(400 if quick else 4_000, begin=began + timedelta(minutes=4),
                                                   over=timedelta(minutes=49)))
            s.gateway.start()
            await until(lambda: node.is_heard)
            for _ in range(1 if quick else 10):
                await change(s, node, 50)
                await s.gateway.end()
                await change(s, node, 20)
                s.gateway.start()
                await until(lambda: node.is_heard)
                await change(s, node, 20)
                await lose_one(s, node)
                await change(s, node, 20)
                await node.connect_twice()
                await change(s, node, 20)
            found = await s.settle(Expectation(in_order=False, exact_minutes=False))
            for _ in range(1 if quick else 10):
                await node.disconnect()
                await change(s, node, 20)
                await node.connect()
                await until(lambda: node.is_heard)
                await change(s, node, 20)
                s.broker.kill()
                await s.gateway.connected(False)
                await change(s, node, 50, pause=0.05)   # more than grace
                await node.disconnect()
                await s.broker.start()
                await node.connect()
                await s.gateway.connected()
                await until(lambda: node.is_heard)
                await change(s, node, 20)
            return s, [*found, *await s.settle(Expectation(in_order=False, gaps=True, exact_minutes=False))]
        finally:
            await node.disconnect()


async def change(s: Site, node: EdgeNode, count: int, pause: float = 0.01) -> None:
    """Machines of an edge node change, one after the other."""
    for _ in range(count):
        await node.publish(s.publisher.changes(1))
        await asyncio.sleep(pause)


async def lose_one(s: Site, node: EdgeNode) -> None:
    """A message is lost. The next one shows it, and the gateway asks for births."""
    asked = node.asked
    node.lose(*s.publisher.changes(1))
    await node.publish(s.publisher.changes(1))
    with suppress(AssertionError, TimeoutError):   # a gateway in which this is broken never asks
        await until(lambda: node.asked > asked, 5)


async def never() -> None:
    """Data that waits for this does not pass."""
    await asyncio.Event().wait()


@asynccontextmanager
async def flowing(s: Site, rate: float) -> AsyncIterator[None]:
    """Machines publish meanwhile."""
    stop = asyncio.Event()
    flow = asyncio.create_task(s.publisher.flow(1_000_000, rate=rate, stop=stop))
    try:
        yield
        stop.set()
        await flow
    finally:
        await end([flow])


FAULTS = {fault.name: fault for fault in [
    GatewayFault('killed', killed, ('acknowledges_before_it_is_on_disk', 'commits_once_a_second', 'keeps_no_session',
                                    'forgets_totals'), True),
    GatewayFault('broker', broker, ('says_nothing_of_a_lost_source',), True),
    GatewayFault('app_away', app_away, ('removes_before_the_answer', 'sends_the_newest_first',
                                        'counts_late_events_from_now')),
    GatewayFault('network', network, ('makes_new_ids', 'forgets_event_ids', 'removes_before_the_answer'), True),
    GatewayFault('database', database, ('answers_before_it_is_stored',)),
    GatewayFault('plant_network', plant_network, ('forgets_totals',)),
    GatewayFault('broker_network', broker_network, ('repeats_as_of_now', 'believes_an_open_connection',
                                                    'keeps_no_session'), True),
    GatewayFault('gateway_away', gateway_away, ('takes_everything_as_of_now',)),
    GatewayFault('out_of_order', out_of_order, ('takes_everything_as_of_now',)),
    GatewayFault('clock', clock, ('believes_every_clock',)),
    GatewayFault('opcua', opcua, ('keeps_no_subscription', 'asks_for_no_missed_message', 'removes_before_the_answer')),
    GatewayFault('sparkplug', sparkplug, ('checks_no_sequence', 'takes_history_as_present', 'believes_every_death'),
                 True),
    GatewayFault('flood', flood, ('keeps_few_events',)),
    GatewayFault('drain', drain, ('sends_the_newest_first',)),
]}
