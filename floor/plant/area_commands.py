"""Commands on areas, the optional chapters of the floor: rename, reorder. An area is added with its first line, and
goes with its last."""

from __future__ import annotations

from ..core.errors import InvalidInputError, NotFoundError
from ..core.names import is_same_name
from ..core.people import Identity
from ..db.connection import Connection
from ..db.transactions import logged
from .line_commands import LineCommands, areas_of
from .plant_items import Area
from .plant_transactions import checked_place, new_name


class AreaCommands(LineCommands):
    """Changes areas. Commands require the role supervisor; what they raise is as in LineCommands."""

    async def areas(self) -> list[Area]:
        """The areas in their order.

        :raises DatabaseUnavailableError:
        """
        lines = await self.lines()
        return [Area(name, position, tuple(line.id for line in lines if line.area == name))
                for position, name in enumerate(areas_of(lines), 1)]

    async def rename_area(self, who: Identity, area: str, name: str) -> None:
        """Rename an area, for all of its lines.

        :raises NotFoundError: no line is in this area, because somebody else has renamed it, for example
        """
        new_name(name, 'area')
        async with logged('area renamed', who, area=area, new_area=name), self._changing(who) as connection:
            others = await self._other_areas(connection, area)
            if other := next((each for each in others if is_same_name(each, name)), None):
                raise InvalidInputError(f'there is an area {other} already: choose another name, or move the '
                                        'lines to it', 'area')
            await self._queries.rename_area(connection, area=area, name=name)

    async def move_area(self, who: Identity, area: str, position: int) -> None:
        """Move an area, with all of its lines, to a place among the areas, from 1; the others make room.

        :raises NotFoundError: no line is in this area
        """
        checked_place(position)
        async with logged('area moved', who, area=area), self._changing(who) as connection:
            await self._other_areas(connection, area)
            await self._queries.place_area(connection, area=area, place=position)

    async def _other_areas(self, connection: Connection, area: str) -> list[str]:
        """:raises NotFoundError: no line is in this area"""
        areas = areas_of(await self._lines(connection))
        if area not in areas:
            raise NotFoundError(f'there is no area {area}')
        areas.remove(area)
        return areas
