"""The lines, types and machines that a page of /setup shows, read again after each change of anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from ...core.errors import InvalidInputError
from ...core.query_parameters import unknown_name_message
from ...feed.difference import Difference
from ...plant.plant_items import MachineType, PlantMachine, ProductionLine
from ..shell.loading import Loading
from ..shell.services import Services


@dataclass(frozen=True, slots=True)
class PlantItems:
    """What the plant consists of, in its order. retired: machines that have left the floor."""

    lines: list[ProductionLine]
    types: list[MachineType]
    machines: list[PlantMachine]
    retired: list[PlantMachine]

    def type_id(self, name: str) -> int | None:
        """The id of the type with this name, regardless of upper and lower case; None: it is a new one."""
        return next((kind.id for kind in self.types if kind.name.casefold() == name.casefold()), None)

    def line_id(self, name: str) -> int | None:
        """The id of the line with this name, regardless of upper and lower case; None for no name: on no line.

        :raises InvalidInputError: there is no such line
        """
        name = name.strip()
        for same in str, str.casefold:
            if found := [line.id for line in self.lines if same(line.name) == same(name)]:
                return found[0]
        if name:
            unknown = unknown_name_message('line', name, [line.name for line in self.lines])
            raise InvalidInputError(f'{unknown} Add it in Lines first.', 'line')
        return None


class PlantReader:
    """Reads for one page. Where it is created, it shows that it waits, or why it cannot read."""

    def __init__(self, services: Services, show: Callable[[PlantItems], None]) -> None:
        """show: called with what was read."""
        self._setup = services.setup
        self._show = show
        self.items = PlantItems([], [], [], [])
        self._is_outdated = True
        self._turn = asyncio.Lock()
        self.loading = Loading(services.store, 'the plant', self._read)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))

    def read(self) -> None:
        """Read again: now, or after the present reading."""
        self._is_outdated = True
        self.loading.start()

    async def in_turn(self, change: Callable[[], Awaitable[object]]) -> None:
        """Make a change after the one before, when its result has been read: two quick presses are two steps, and not
        a conflict of the second with the first. change: finds in items what is there then."""
        async with self._turn:
            await change()
            self.read()
            await self.loading.finished()

    async def _read(self) -> None:
        setup, self._is_outdated = self._setup, True
        while self._is_outdated:
            self._is_outdated = False
            self.items = PlantItems(await setup.lines(), await setup.machine_types(), await setup.machines(),
                                    await setup.machines(retired=True))
            self._show(self.items)

    def _on_difference(self, difference: Difference) -> None:
        if difference.setup or difference.layout:
            self.read()
