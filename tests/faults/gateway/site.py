"""A plant's network for the gateway: a broker, the app with its database, and the network between."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from browser.program import Program
from database.postgres import SCHEMA, until
from gateway.harness import Mosquitto, make_certificates
from short_folder import short_folder
from tcp_proxy import TcpProxy

from faults.scene import START_PATIENCE_S, connect
from faults.writers import AWAY

from .checker import STORED, Expectation, Recorded, differences, differences_by_arrival
from .process import GatewayProcess
from .publisher import POINTS, Publisher

MACHINES = 8
STANDSTILL_S = 12.0
"""A floor that has stored nothing new for so long has all that it will ever get."""
SHORT_STANDSTILL_S = 3.0
"""Where something is broken, so that it never will."""
SIGNAL_PATIENCE_S = 60.0
"""Until a source is known to be lost, or to be back: keepalive, grace and a connection."""
SHORT_SIGNAL_PATIENCE_S = 15.0
"""Where something is broken."""
ADD_MACHINES = f"""
INSERT INTO {SCHEMA}.machine_feed_stream (machine_id, machine_name, type)
SELECT $2 + number, name, 'press' FROM unnest($1::text[]) WITH ORDINALITY AS new (name, number)"""
KEY = (f'INSERT INTO {SCHEMA}.access_keys (kind, name, secret_hash, scopes, made_by) '
       "VALUES ('token', $2, sha256($1::text::bytea), '{feed:write}', 'a test')")
WITHOUT_SIGNAL = f"""
SELECT count(*) FROM {SCHEMA}.machine_feed_stream
WHERE machine_name = ANY ($1) AND (reported_at IS NULL OR signal_lost_at IS NOT NULL)"""
MQTT = """  - {{type: mqtt, name: plant, host: 127.0.0.1, port: {port}, grace: 1, {more} points: {points}}}"""


class Plant:
    """The app with its embedded database, shared by all sites of a run."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.broken: dict[str, Program] = {}
        """Instances on the same database in which something is broken."""
        self.numbers = itertools.count(1_000, 1_000)
        """Below those of the machines of each site."""
        self._times: Counter[str] = Counter()

    def unused(self, names: list[str]) -> list[str]:
        """Names for machines that no site had before, as when a fault is done again."""
        self._times[names[0]] += 1
        times = self._times[names[0]]
        return names if times == 1 else [f'{each}, {times}' for each in names]

    async def connect(self) -> asyncpg.Connection:
        """A new session."""
        return await connect(self.program.database_url)


@dataclass(slots=True)
class Site:
    """Everything is running, with separate machines."""

    folder: Path
    plant: Plant
    broker: Mosquitto
    app_network: TcpProxy
    """Between the gateway and the app."""
    plant_network: TcpProxy
    """Between the broker and the gateway."""
    gateway: GatewayProcess
    publisher: Publisher
    machines: list[str]
    is_broken: bool
    moments: random.Random
    figures: dict[str, str] = field(default_factory=dict)

    async def session_kept(self) -> None:
        """Until the broker has written to its disk that the gateway is subscribed; it does so each second."""
        asked_at = time.time()
        await until(lambda: any(each.stat().st_mtime > asked_at for each in self.folder.glob('mosquitto.db')))

    async def stored(self) -> int:
        """The number of changes that the floor has."""
        connection = await self.plant.connect()
        try:
            return int(await connection.fetchval(STORED, self.machines))
        finally:
            connection.terminate()

    async def without_signal(self, machines: int) -> None:
        """Until so many machines are without signal, or that takes too long: the comparison shows it."""
        connection = await self.plant.connect()
        try:
            with suppress(TimeoutError):
                is_short = self.is_broken and machines > 0   # a gateway that does not notice it; all are heard of
                async with asyncio.timeout(SHORT_SIGNAL_PATIENCE_S if is_short else SIGNAL_PATIENCE_S):
                    while await connection.fetchval(WITHOUT_SIGNAL, self.machines) != machines:  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
        finally:
            connection.terminate()

    async def settle(self, expected: Expectation | None = None, *, by_arrival: bool = False) -> list[str]:
        """Wait until all that was sent is stored, or nothing more comes; then compare."""
        sent, stored, moved = len(self.publisher.sent), -1, time.monotonic()
        while time.monotonic() < moved + (SHORT_STANDSTILL_S if self.is_broken else STANDSTILL_S):
            try:
                now = await self.stored()
            except AWAY:
                continue
            if now != stored:
                stored, moved = now, time.monotonic()
            if stored >= sent and not (await self.gateway.health()).get('queue', {'waiting': 1})['waiting']:
                break
            await asyncio.sleep(0.1)
        health = await self.gateway.health()
        connection = await self.plant.connect()
        try:
            recorded = await Recorded.read(connection, self.machines)
        finally:
            connection.terminate()
        found = (differences_by_arrival(self.publisher.sent, recorded, self.publisher.made_at) if by_arrival
                 else differences(self.publisher.sent, recorded, expected or Expectation()))
        refused = health.get('app', {}).get('not_stored')
        return [*found, *([f'not stored by the app: {refused}'] if refused else [])]


@asynccontextmanager
async def started_plant(*broken: str) -> AsyncIterator[Plant]:
    """Start the app. broken: mutations of it, each of which is a separate instance on the same database."""
    with short_folder() as folder:
        program = Program(folder, LOG_LEVEL='warning', LISTEN_HEARTBEAT_SECONDS='1')
        programs = [program]
        try:
            await asyncio.to_thread(program.start)
            await until(lambda: program.health().get('status') == 'live', START_PATIENCE_S)
            made = Plant(program)
            for name in broken:
                made.broken[name] = program.joined(name, LOG_LEVEL='warning')
                made.broken[name].command = [str(Path(__file__).parents[1] / 'mutated.py'), name]
                programs.append(made.broken[name])
                await asyncio.to_thread(made.broken[name].start)
            yield made
        finally:
            for each in reversed(programs):
                await asyncio.to_thread(each.stop)


@asynccontextmanager
async def site(made: Plant, name: str, mutation: str | None, *, quick: bool, machines: int = MACHINES,
               tls: bool = False, source: str = MQTT, points: str = POINTS, more: str = '',
               starts: bool = True) -> AsyncIterator[Site]:
    """Machines of a name, and a gateway that is connected. mutation: what is broken, of the gateway or of the app.
    source: in the gateway's file, with places for the port of the broker, for the points, and for more keys."""
    names = made.unused(site_names(name, mutation, machines))
    token = f'lm_token_{secrets.token_hex(21)}x'
    async with AsyncExitStack() as ends:
        connection = await made.connect()
        try:
            await connection.execute(ADD_MACHINES, names, next(made.numbers))
            await connection.execute(KEY, token, names[0])
        finally:
            connection.terminate()
        folder = ends.enter_context(short_folder())
        broker = Mosquitto(folder, *_broker_lines(folder, tls=tls))
        ends.callback(broker.kill)
        await broker.start()
        program = made.broken.get(mutation or '', made.program)
        app_network = await ends.enter_async_context(TcpProxy(int(program.host.partition(':')[2])))
        plant_network = await ends.enter_async_context(TcpProxy(broker.port))
        tls_lines = f"tls: {{ca: '{folder}/ca.crt'}}, " if tls else ''
        mutations = [*(['soon'] if quick else []), *([mutation] if mutation and mutation not in made.broken else [])]
        gateway = GatewayProcess(
            folder, app_network.address, token,
            source.format(port=plant_network.port, more=tls_lines + more, points=points), *mutations)
        ends.push_async_callback(gateway.close)
        found = Site(folder, made, broker, app_network, plant_network, gateway,
                     Publisher(names, broker.port, folder if tls else None), names, mutation is not None,
                     random.Random(name))
        ends.push_async_callback(found.publisher.close)
        if starts:
            gateway.start()
            await gateway.connected()
        yield found
        await gateway.end(signal.SIGTERM)


def site_names(name: str, mutation: str | None, machines: int) -> list[str]:
    """Of the machines of a site."""
    return [f'{name} {mutation or "whole"} {number}' for number in range(machines)]


def _broker_lines(folder: Path, *, tls: bool) -> list[str]:
    """It keeps everything on disk, and sends a gateway as much as it takes."""
    lines = ['allow_anonymous true', 'persistence true', f'persistence_location {folder}/', 'autosave_on_changes false',
             'autosave_interval 1', 'max_inflight_messages 20']
    if tls:
        make_certificates(folder)
        lines += [f'cafile {folder}/ca.crt', f'certfile {folder}/server.crt', f'keyfile {folder}/server.key']
    return lines


def waiting(health: dict[str, Any]) -> int:
    """Events in the queue."""
    return int(health['queue']['waiting'])
