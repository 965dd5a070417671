"""Folders that we make beside the data, to build a cluster in, and how a cluster leaves one of them for its place.

    DATA_DIR/.line-monitor-work-0123...    128 random bits: nobody has a folder of that name by accident
        line-monitor-work.json             names the folder that it stands in, and what is to be done with it: Marker
        postgres-18/                       the cluster, and what its server needs meanwhile

Only a folder with such a name, with a marker inside that names it, and with nothing in it but what we put there is ever
removed. A restore is carried out by two renames. The marker says so before the first of them, so that the next start
after a crash either undoes or finishes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from .data_folder import make_data_folder, make_durable, write_whole
from .drafts import remove_drafts
from .owner_beat import remove_beats

Wait = Generator[None, None, None]
Report = Callable[[str], None]
End = Callable[[Path, Path], Wait]
"""Ends the processes of a cluster that use a folder of sockets."""

MARKER = 'line-monitor-work.json'
NAME = re.compile(r'\.line-monitor-work-[0-9a-f]{32}')
CLUSTER = re.compile(r'postgres-[0-9]{1,3}')
OURS_INSIDE = re.compile('|'.join([
    re.escape(MARKER), CLUSTER.pattern, NAME.pattern, 'socket', r'postgres\.log', r'owner\.(lock|beat)',
    r'database\.url', r'\.owner\.beat\.[0-9a-f]{16}', rf'\.(database\.url|{re.escape(MARKER)})\.[a-z0-9_]{{8}}']))
LARGEST_MARKER = 4096
PATIENCE_S = 5.0
"""For the last process of a killed run, which may still write."""


class Marker(BaseModel, extra='forbid'):
    """What stands in MARKER."""

    made_by: Literal['line monitor'] = 'line monitor'
    folder: Annotated[str, Field(pattern=rf'^{NAME.pattern}$')]
    """The name of the folder that it is in."""
    place: Annotated[str | None, Field(pattern=rf'^{CLUSTER.pattern}$')] = None
    """What the cluster inside is about to become, once it is whole: a name beside the folder."""
    kept_as: Annotated[str | None, Field(pattern=rf'^{CLUSTER.pattern}\.before-[0-9-]+$')] = None
    """What the cluster that has this place gets called; None: there is none."""


class Workshop:
    """One such folder."""

    def __init__(self, folder: Path, marker: Marker) -> None:
        self.folder = folder
        self.marker = marker

    @classmethod
    def make(cls, data_dir: Path) -> Workshop:
        """A new one, whose name nobody has.

        :raises OSError: the data folder cannot be written
        """
        folder = data_dir / f'.line-monitor-work-{secrets.token_hex(16)}'
        make_data_folder(folder)
        workshop = cls(folder, Marker(folder=folder.name))
        workshop._write_marker()
        return workshop

    def put_in_place(self, cluster: Path, place: Path) -> Path | None:
        """Give the cluster its place; returns where the one that was there is now. If it fails, all is as it was.

        :raises OSError: a rename failed
        """
        kept = free_name(place) if os.path.lexists(place) else None
        self.marker = self.marker.model_copy(update={'place': place.name, 'kept_as': kept.name if kept else None})
        self._write_marker()
        if kept is not None:
            os.rename(place, kept)
        try:
            os.rename(cluster, place)
        except BaseException:
            if kept is not None and not os.path.lexists(place):
                os.rename(kept, place)
            raise
        make_durable(place.parent)
        return kept

    def settle(self, report: Report) -> bool:
        """Undo or finish what a killed restore had begun; whether the folder may go."""
        marker = self.marker
        if marker.place is None:
            return True
        place, filled = self.folder.parent / marker.place, self.folder / marker.place
        kept = self.folder.parent / marker.kept_as if marker.kept_as else None
        if os.path.lexists(place):
            if filled.exists() and kept is not None and os.path.lexists(kept):
                report(f'A restore was killed on its last step, and {place} was made since then: what was restored is '
                       f'{filled}, and the database that was there before is {kept}. Keep what you want in {place}, '
                       f'and move the others away')
                return False
            if filled.exists():
                report(f'A restore was killed before it had changed anything: {place} is as it was')
            elif kept is not None:
                report(f'A restore was killed when it was done: {place} is what was restored, and the database that '
                       f'was there before is in {kept}')
            return True
        if filled.exists():
            os.rename(filled, place)
            report(f'A restore was killed on its last step, which is made up for: {place} is what was restored'
                   f'{f", and the database that was there before is in {kept}" if kept else ""}')
        elif kept is not None and kept.exists():
            os.rename(kept, place)
            report(f'A restore was killed and cannot be finished: {place} is the database from before again')
        make_durable(place.parent)
        return True

    def remove(self) -> bool:
        """Whether it is gone; what we did not put there keeps it."""
        if self.strangers():
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def strangers(self) -> list[str]:
        """What is in it that we did not put there."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in self.folder.iterdir() if not OURS_INSIDE.fullmatch(path.name))
        return []

    def _write_marker(self) -> None:
        write_whole(self.folder / MARKER, self.marker.model_dump_json(indent=2))


def workshops(data_dir: Path) -> Iterator[Workshop]:
    """Those that earlier runs left in the data folder. Empty ones, made and not marked yet, are removed."""
    with suppress(FileNotFoundError):
        for folder in sorted(data_dir.iterdir()):
            if NAME.fullmatch(folder.name) and stat.S_ISDIR(folder.lstat().st_mode):
                if (marker := _marker_of(folder)) is not None:
                    yield Workshop(folder, marker)
                else:
                    with suppress(OSError):  # only an empty folder can be removed so
                        folder.rmdir()


def is_interrupted(data_dir: Path) -> bool:
    """Whether a killed restore has to be undone or finished there."""
    with suppress(OSError):  # no folder at all, which whoever asks says better
        return any(workshop.marker.place is not None for workshop in workshops(data_dir))
    return False


def tidy_up(data_dir: Path, end: End, report: Report) -> Wait:
    """Undo or finish what killed runs had begun, and remove what they left. For who has the data folder alone.

    :raises OSError: a rename failed
    """
    remove_drafts(data_dir)
    remove_beats(data_dir)
    for workshop in list(workshops(data_dir)):
        for cluster in [path for path in workshop.folder.iterdir() if CLUSTER.fullmatch(path.name) and path.is_dir()]:
            yield from end(cluster, workshop.folder / 'socket')
        if not workshop.settle(report):
            continue
        if strangers := workshop.strangers():
            report(f'{workshop.folder} is left where it is, because of {", ".join(strangers)} in it')
            continue
        deadline = time.monotonic() + PATIENCE_S
        while not workshop.remove() and time.monotonic() < deadline:  # if it stays, only room is lost
            yield


def free_name(place: Path) -> Path:
    """A name for a cluster that is put aside, which nothing has."""
    stamp = f'{place.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}'
    names = (place.with_name(f'{stamp}{f"-{number}" if number else ""}') for number in range(1_000_000))
    return next(name for name in names if not os.path.lexists(name))


def _marker_of(folder: Path) -> Marker | None:
    path = folder / MARKER
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_MARKER:
            return None
        marker = Marker.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return marker if marker.folder == folder.name else None
