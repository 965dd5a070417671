"""Which icons machines have: those of machine types, and those that supervisors have uploaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeIcon:
    """A machine type with the key of its icon; None: nobody has chosen one."""

    type_id: int
    type: str
    icon: str | None


@dataclass(frozen=True, slots=True)
class OwnIcon:
    """An uploaded icon. version changes with its content."""

    key: str
    version: str


@dataclass(frozen=True, slots=True)
class FloorIcons:
    """The icons of a floor, in the order of their numbers and keys."""

    types: tuple[TypeIcon, ...] = ()
    own: tuple[OwnIcon, ...] = ()


NO_ICONS = FloorIcons()
