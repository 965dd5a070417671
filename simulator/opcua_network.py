"""The plant as an OPC UA server: a folder for each line, an object for each machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server

from simulator.network_plant import NetworkMachine

NAMESPACE = 'urn:line-monitor:simulated-plant'
NAME = 'Simulated plant of Line Monitor'
STATES = {'operational': 1, 'warning': 2, 'down': 3}
_TYPES = {'State': ua.VariantType.Int32, 'Reason': ua.VariantType.String, 'Good': ua.VariantType.UInt32,
          'Reject': ua.VariantType.UInt32}


class OpcUaNetwork:
    """A server on a port; nobody needs a certificate or a password, and nobody can write."""

    def __init__(self, host: str, port: int) -> None:
        self._server = Server()
        self._address = f'opc.tcp://{host}:{port}/simulated'
        self._variables: dict[tuple[str, str], Node] = {}

    async def start(self, machines: Iterable[NetworkMachine]) -> None:
        """Make the variables, and listen."""
        await self._server.init()
        self._server.set_endpoint(self._address)
        self._server.set_server_name(NAME)
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self._server.register_namespace(NAMESPACE)
        lines: dict[str, Node] = {}
        for machine in machines:
            if machine.line not in lines:
                lines[machine.line] = await self._server.nodes.objects.add_folder(
                    f'ns={index};s={machine.line}', f'{index}:{machine.line}')
            parent = await lines[machine.line].add_object(f'ns={index};s={machine.name}', f'{index}:{machine.name}')
            for name, value in _values(machine).items():
                self._variables[machine.name, name] = await parent.add_variable(
                    f'ns={index};s={machine.name}.{name}', f'{index}:{name}', value, _TYPES[name])
            await self.statuses([machine])
        await self._server.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self._server.stop()

    async def statuses(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the status of machines."""
        for machine in machines:
            await self._write(machine, ('State', 'Reason'), machine.since)

    async def counters(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the counters of machines."""
        for machine in machines:
            await self._write(machine, ('Good', 'Reject'), datetime.now(UTC))

    async def _write(self, machine: NetworkMachine, names: Iterable[str], stamp: Any) -> None:
        values = _values(machine)
        for name in names:
            await self._variables[machine.name, name].write_value(
                ua.DataValue(ua.Variant(values[name], _TYPES[name]), SourceTimestamp=stamp))


def _values(machine: NetworkMachine) -> dict[str, int | str]:
    return {'State': STATES[machine.status], 'Reason': machine.reason or '', 'Good': machine.good,
            'Reject': machine.reject}
