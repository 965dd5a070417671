"""Commands on lines: add, rename, reorder, delete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.errors import InvalidInputError, NotFoundError
from ..core.formatting import counted
from ..core.names import is_same_name
from ..core.people import Identity
from ..db.connection import Connection
from ..db.transactions import logged, reading
from ..orders.order_values import UNCHANGED, Unchanged
from .plant_items import ProductionLine
from .plant_transactions import PlantTransactions, checked_place, new_name

MAX_CODE_LENGTH = 20
MAX_LINE_ID = 2**15 - 1


class InArea(Protocol):
    """A line, as it is set up or as it is shown."""

    @property
    def area(self) -> str | None:
        """None: it is in no area."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """New values of a line. area None: in no area. position: its place among the lines, from 1; the others make room,
    and the lines of an area stay together."""

    name: str | Unchanged = UNCHANGED
    code: str | Unchanged = UNCHANGED
    area: str | Unchanged | None = UNCHANGED
    position: int | Unchanged = UNCHANGED


class LineCommands(PlantTransactions):
    """Reads and changes lines. Commands require the role supervisor.

    Every method may raise DatabaseUnavailableError; those with a parameter `who` also NotAllowedError,
    TooManyChangesError and InvalidInputError.
    """

    async def lines(self) -> list[ProductionLine]:
        """All lines in their order."""
        async with reading(self._database) as connection:
            return await self._lines(connection)

    async def line(self, line_id: int) -> ProductionLine:
        """:raises NotFoundError: there is no such line"""
        async with reading(self._database) as connection:
            return await self._line(connection, line_id)

    async def add_line(self, who: Identity, name: str, code: str | None = None,
                       position: int | None = None, area: str | None = None) -> ProductionLine:
        """Add a line. code None: the next number. position None: after the others. area None: in no area."""
        new_name(name)
        checked_place(position)
        async with logged('line added', who, line=name), self._changing(who) as connection:
            await self._refuse_if_taken(connection, None, name, _checked_code(code))
            line_id = await self._queries.add_line(connection, name=name, code=code, line_id=None,
                                                  area=await self._spelled_area(connection, area))
            if position is not None:
                await self._queries.place_line(connection, line_id=line_id, place=position)
            return await self._line(connection, line_id)

    async def edit_line(self, who: Identity, line_id: int, version: int, edit: LineEdit) -> ProductionLine:
        """Change a line; its machines, orders and reports follow.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('line changed', who, line_id=line_id), self._changing(who) as connection:
            line = await self._unchanged(connection, 'line', await self._line(connection, line_id), version)
            name = line.name if isinstance(edit.name, Unchanged) else edit.name
            code = line.code if isinstance(edit.code, Unchanged) else edit.code
            if name != line.name:
                new_name(name)
            if code != line.code:
                _checked_code(code)
            area = line.area if isinstance(edit.area, Unchanged) or edit.area == line.area else (
                await self._spelled_area(connection, edit.area))
            if (name, code, area) != (line.name, line.code, line.area):
                await self._refuse_if_taken(connection, line_id, name, code)
                await self._queries.edit_line(connection, line_id=line_id, name=name, code=code, area=area)
            if not isinstance(edit.position, Unchanged):
                await self._queries.place_line(connection, line_id=line_id, place=checked_place(edit.position))
            return await self._line(connection, line_id)

    async def delete_line(self, who: Identity, line_id: int, version: int,
                          machines_to: int | Unchanged | None = UNCHANGED) -> None:
        """Delete a line. machines_to: the line that its machines go to, None: to no line; required where the line
        has machines.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('line deleted', who, line_id=line_id), self._changing(who) as connection:
            line = await self._unchanged(connection, 'line', await self._line(connection, line_id), version)
            to_line = None if isinstance(machines_to, Unchanged) else machines_to
            if line.machines and isinstance(machines_to, Unchanged):
                raise InvalidInputError(f'{line.name} has {counted(line.machines, "machine")}: say which line they go '
                                        f'to, or that they go to none', 'machines_to')
            if to_line == line_id:
                raise InvalidInputError('the machines cannot stay on a line that is deleted', 'machines_to')
            await self._existing_line(connection, to_line, 'machines_to')
            await self._queries.empty_line(connection, line_id=line_id, to_line_id=to_line)
            await self._queries.delete_line(connection, line_id=line_id)

    async def bring_back_line(self, who: Identity, line: ProductionLine, machines: Iterable[int],
                              went_to: int | None) -> ProductionLine:
        """Add a deleted line again, with its number, so that its past is its own. machines: the ids of those that it
        had, which come back if they are still on the line went_to, None: on no line."""
        async with logged('line brought back', who, line=line.name), self._changing(who) as connection:
            await self._refuse_if_taken(connection, None, line.name, line.code)
            await self._queries.add_line(connection, name=line.name, code=line.code, line_id=line.id,
                                         area=await self._spelled_area(connection, line.area))
            await self._queries.place_line(connection, line_id=line.id, place=line.position)
            await self._queries.fill_line(connection, line_id=line.id, machine_ids=list(machines),
                                          from_line_id=went_to)
            return await self._line(connection, line.id)

    # internals

    async def _spelled_area(self, connection: Connection, area: str | None) -> str | None:
        """The area that there is, regardless of upper and lower case, or the name of a new one; None: in no area.

        :raises InvalidInputError: it cannot name an area
        """
        areas = areas_of(await self._lines(connection))
        if area is None or area in areas:
            return area
        return next((each for each in areas if is_same_name(each, area)), None) or new_name(area, 'area')

    async def _lines(self, connection: Connection) -> list[ProductionLine]:
        return [to_line(row) async for row in self._queries.production_lines(connection)]

    async def _line(self, connection: Connection, line_id: int) -> ProductionLine:
        row = await self._queries.production_line(connection, line_id=line_id) if 0 < line_id <= MAX_LINE_ID else None
        if row is None:
            raise NotFoundError(f'there is no line {line_id}')
        return to_line(row)

    async def _existing_line(self, connection: Connection, line_id: int | None, field: str) -> None:
        """:raises InvalidInputError: there is no such line; None is no line"""
        try:
            if line_id is not None:
                await self._line(connection, line_id)
        except NotFoundError as error:
            raise InvalidInputError(str(error), field) from error

    async def _refuse_if_taken(self, connection: Connection, line_id: int | None, name: str, code: str | None) -> None:
        for other in await self._lines(connection):
            if other.id == line_id:
                continue
            if is_same_name(other.name, name):
                raise InvalidInputError(f'there is a line {other.name} already: choose another name', 'name')
            if other.code == code:
                raise InvalidInputError(f'{other.name} has the code {code} already: choose another one', 'code')


def areas_of(lines: Iterable[InArea]) -> list[str]:
    """The areas of lines in their order."""
    return list(dict.fromkeys(line.area for line in lines if line.area is not None))


def to_line(row: Any) -> ProductionLine:
    """A row of the query production_lines."""
    return ProductionLine(row['line_id'], row['code'], row['name'], row['area'], row['position'], row['version'],
                          row['machines'])


def _checked_code(code: str | None) -> str | None:
    if code is not None:
        new_name(code, 'code')
        if len(code) > MAX_CODE_LENGTH:
            raise InvalidInputError(f'code has {len(code)} characters; at most {MAX_CODE_LENGTH} fit', 'code')
    return code
