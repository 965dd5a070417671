"""Commands on the icons of machines: list, upload, delete. An uploaded icon never changes."""

from __future__ import annotations

from ..core.errors import InvalidInputError, NotFoundError
from ..core.formatting import counted
from ..core.people import Identity
from ..core.text import shortened
from ..db.connection import Connection
from ..db.transactions import logged, reading
from .icon_svg import clean_svg
from .machine_icons import KEY, delivered_icons
from .plant_items import MachineIcon
from .plant_transactions import PlantTransactions

MAX_OWN_ICONS = 200


class MachineIconCommands(PlantTransactions):
    """Reads and changes the icons that machine types can have. Commands require the role supervisor.

    Every method may raise DatabaseUnavailableError; those with a parameter `who` also NotAllowedError,
    TooManyChangesError and InvalidInputError.
    """

    async def icons(self) -> list[MachineIcon]:
        """Uploaded icons by key, then the delivered ones by title. An uploaded one hides a delivered one of its key."""
        async with reading(self._database) as connection:
            own = [MachineIcon(row['key'], title_of(row['key']), row['version'], row['added_by'], row['added_at'])
                   async for row in self._queries.machine_icons(connection)]
        keys = {icon.key for icon in own}
        return own + [MachineIcon(icon.key, icon.title, words=icon.words) for icon in delivered_icons().values()
                      if icon.key not in keys]

    async def own_icon(self, key: str) -> tuple[str, str]:
        """Version and SVG of an uploaded icon.

        :raises NotFoundError: there is none
        """
        async with reading(self._database) as connection:
            row = await self._queries.machine_icon(connection, key=key) if KEY.fullmatch(key) else None
        if row is None:
            raise NotFoundError(f'there is no uploaded icon {shortened(key, 40)}')
        return row['version'], row['svg']

    async def add_icon(self, who: Identity, key: str, svg: bytes) -> MachineIcon:
        """Clean and store an SVG of at most 20 kB."""
        check_key(key, 'key')
        cleaned = clean_svg(svg)
        async with logged('icon added', who, icon=key), self._changing(who) as connection:
            taken = {row['key'] async for row in self._queries.machine_icons(connection)}
            if key in taken or key in delivered_icons():
                raise InvalidInputError(f'there is an icon {key} already: choose another name', 'key')
            if len(taken) >= MAX_OWN_ICONS:
                raise InvalidInputError(f'there are {MAX_OWN_ICONS} uploaded icons, the maximum: delete one first',
                                        'key')
            row = await self._queries.add_machine_icon(connection, key=key, svg=cleaned)
            assert row is not None  # noqa: S101 (INSERT ... RETURNING of one row)
            return MachineIcon(key, title_of(key), row['version'], row['added_by'], row['added_at'])

    async def delete_icon(self, who: Identity, key: str) -> None:
        """Delete an uploaded icon that no machine type has.

        :raises NotFoundError:
        """
        async with logged('icon deleted', who, icon=key), self._changing(who) as connection:
            if await self._queries.machine_icon(connection, key=key) is None:
                raise NotFoundError(f'there is no uploaded icon {shortened(key, 40)}')
            types = [row['type'] async for row in self._queries.types_with_icon(connection, key=key)]
            if types and key not in delivered_icons():
                raise InvalidInputError(f'{key} is the icon of {counted(len(types), "machine type")} '
                                        f'({shortened(", ".join(types), 80)}): choose another icon first')
            await self._queries.delete_machine_icon(connection, key=key)

    async def _refuse_unknown_icon(self, connection: Connection, key: str | None) -> None:
        if key is None:
            return
        check_key(key, 'icon')
        if key not in delivered_icons() and await self._queries.machine_icon(connection, key=key) is None:
            raise InvalidInputError(f'there is no icon {key}: choose one of /api/plant/icons, or upload it first',
                                    'icon')


def check_key(key: str, field: str) -> None:
    """:raises InvalidInputError: it cannot be the key of an icon"""
    if not KEY.fullmatch(key):
        raise InvalidInputError(f'{field} has to be the key of an icon, as injection_molder: lower-case letters, '
                                'digits, - and _, at most 40', field)


def title_of(key: str) -> str:
    """What people call an uploaded icon: bag_sealer is Bag sealer."""
    words = key.replace('_', ' ').replace('-', ' ').strip()
    return words[:1].upper() + words[1:]
