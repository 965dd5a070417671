"""What a plant consists of, as its set-up has it: lines, machine types, machines, and who changed what of them.

Versions grow with each change of an item, but not when it only makes room for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

ChangeKind = Literal['setting', 'line', 'machine_type', 'machine', 'icon', 'person']


@dataclass(frozen=True, slots=True)
class ProductionLine:
    """code: the two digits in names of machines that SQL adds, as 02 in Valve_02_01. area None: in no area; the lines
    of an area stand together, lines without one last. position: 1 is the first line. machines: how many stand on it."""

    id: int
    code: str
    name: str
    area: str | None
    position: int
    version: int
    machines: int


@dataclass(frozen=True, slots=True)
class Area:
    """A chapter of the floor. position: among the areas, from 1. lines: the ids of its lines, in their order."""

    name: str
    position: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MachineType:
    """icon: the key of its icon; None: the one with its name. machines: how many are of it, also retired ones.
    micro_stop: a shorter stop is a micro-stop; None: the limit of the plant."""

    id: int
    name: str
    icon: str | None
    version: int
    machines: int
    micro_stop: timedelta | None = None


@dataclass(frozen=True, slots=True)
class MachineIcon:
    """title: for people. words: more words to find it by. version, added_by and added_at None: the program delivers
    it."""

    key: str
    title: str
    version: str | None = None
    added_by: str | None = None
    added_at: datetime | None = None
    words: str = ''


@dataclass(frozen=True, slots=True)
class PlantMachine:
    """line None: on no line. position: its place in the flow of its line. retired_at None: it is on the floor.
    has_past: it has reported, made something, or has work orders, so it can be retired but not deleted.
    display_name: what pages call it; None: its name."""

    id: int
    name: str
    type: str
    line_id: int | None
    line: str | None
    position: int
    added_at: datetime
    retired_at: datetime | None
    version: int
    has_past: bool
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class PlantChange:
    """Who changed what. item_id is None for an icon; item_id and item for a setting, whose name is the field; a value
    is None where there was or is none. is_latest: nothing else of the item was changed since."""

    id: int
    at: datetime
    by: str
    kind: ChangeKind
    item_id: int | None
    item: str | None
    field: str
    old: str | None
    new: str | None
    is_latest: bool = False
