"""`line-monitor simulate`: the demo's machines as a plant network, to try the gateway and to test it.

It needs no database. All that it publishes says that it is simulated: the MQTT topics begin with "simulated", the
Sparkplug group is "Simulated", and so is the name of the OPC UA server.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from floor.core.console import Parser, print_every_path, stop_on_sigterm
from simulator.network_plant import NetworkMachine, NetworkPlant

TICK_S = 0.5
COUNTERS_S = 5.0
MISSING = 'the simulated network needs more packages: pip install "line-monitor[gateway]" ({})'


class Output(Protocol):
    """Where the plant is published."""

    async def statuses(self, machines: Sequence[NetworkMachine]) -> None:
        """Publish the status of machines."""

    async def counters(self, machines: Sequence[NetworkMachine]) -> None:
        """Publish the counters of machines."""


def main(arguments: Sequence[str] | None = None, program: str = 'python -m simulator.plant_network') -> int:
    """Publish until Ctrl-C or SIGTERM. Exit status: 0, 1 if that is not possible, or 2 for wrong arguments."""
    parser = _parser(program)
    options = parser.parse_args(arguments)
    if options.mqtt is None and options.opcua is None:
        parser.error('give --mqtt, --opcua or both')
    if options.sparkplug and options.mqtt is None:
        parser.error('--sparkplug needs --mqtt')
    print_every_path()
    try:
        with stop_on_sigterm():
            asyncio.run(_publish(options.mqtt, options.opcua, sparkplug=options.sparkplug, prefix=options.prefix,
                                 seed=options.seed, speed=options.speed, host=options.host))
    except ModuleNotFoundError as error:
        print(f'{program}: {MISSING.format(error)}', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'{program}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


async def _publish(mqtt: tuple[str, int] | None, opcua: int | None, *, sparkplug: bool, prefix: str, seed: int,
                   speed: float, host: str) -> None:
    plant = NetworkPlant(datetime.now(UTC), seed, speed)
    machines = list(plant.machines.values())
    async with AsyncExitStack() as stack:
        outputs: list[Output] = []
        if opcua is not None:
            outputs.append(await stack.enter_async_context(_opcua_output(host, opcua, machines)))
            print(f'OPC UA: opc.tcp://{host}:{opcua}/simulated', flush=True)
        if mqtt is not None:
            output = _sparkplug_output(*mqtt, machines) if sparkplug else _json_output(*mqtt, prefix)
            outputs.append(await stack.enter_async_context(output))
            topics = 'spBv1.0/Simulated/#' if sparkplug else f'{prefix}/LINE/MACHINE/status and /counters'
            print(f'MQTT: {mqtt[0]}:{mqtt[1]}, topics {topics}', flush=True)
        await _play(plant, outputs)


async def _play(plant: NetworkPlant, outputs: Sequence[Output]) -> None:
    machines = list(plant.machines.values())
    for output in outputs:
        await output.statuses(machines)
    count_at = 0.0
    while True:
        changed = plant.advance(datetime.now(UTC))
        for machine in changed:
            print(f'{machine.since:%H:%M:%S} {machine.name}: {machine.status}'
                  + (f', {machine.reason}' if machine.reason else ''), flush=True)
        now = asyncio.get_running_loop().time()
        for output in outputs:
            await output.statuses(changed)
            if now >= count_at:
                await output.counters(machines)
        count_at = now + COUNTERS_S if now >= count_at else count_at
        await asyncio.sleep(TICK_S)


@asynccontextmanager
async def _opcua_output(host: str, port: int, machines: Sequence[NetworkMachine]) -> AsyncIterator[Output]:
    from simulator.opcua_network import OpcUaNetwork  # noqa: PLC0415 (needs the packages of [gateway])

    network = OpcUaNetwork(host, port)
    await network.start(machines)
    try:
        yield network
    finally:
        await network.stop()


@asynccontextmanager
async def _json_output(host: str, port: int, prefix: str) -> AsyncIterator[Output]:
    from simulator.mqtt_network import JsonTopics, connect  # noqa: PLC0415

    async with connect(host, port) as client:
        yield JsonTopics(client, prefix)


@asynccontextmanager
async def _sparkplug_output(host: str, port: int, machines: Sequence[NetworkMachine]) -> AsyncIterator[Output]:
    from simulator.sparkplug_network import sparkplug_nodes  # noqa: PLC0415

    async with sparkplug_nodes(host, port, machines) as nodes:
        yield nodes


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(':')
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f'{text} is not HOST:PORT, as in 127.0.0.1:1883')
    return host, int(port)


def _parser(program: str) -> Parser:
    parser = Parser(prog=program, description='Publish the machines of the demo as a plant network, for trials of the '
                                              'gateway. Needs no database; everything says that it is simulated.')
    parser.add_argument('--mqtt', type=_address, metavar='HOST:PORT', help='publish to this MQTT broker')
    parser.add_argument('--sparkplug', action='store_true', help='with --mqtt: as Sparkplug B edge nodes')
    parser.add_argument('--prefix', default='simulated', help='what the topics begin with (default: simulated)')
    parser.add_argument('--opcua', type=int, metavar='PORT', help='be an OPC UA server on this port')
    parser.add_argument('--host', default='127.0.0.1', help='an address to listen on for --opcua (default: 127.0.0.1)')
    parser.add_argument('--speed', type=float, default=1.0, help='plant seconds in a second (default: 1, real time)')
    parser.add_argument('--seed', type=int, default=random.randrange(1_000_000),  # noqa: S311 (a play)
                        help='a number; the same one draws the same stops again')
    return parser


if __name__ == '__main__':
    sys.exit(main())
