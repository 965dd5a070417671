"""Temporary folders in DATA_DIR in which a restore builds a cluster, and how the cluster moves to its final name.

    DATA_DIR/.line-monitor-work-0123...    128 random bits, so the name is not used by accident
        line-monitor-work.json             the folder's name and what is to be done with it: Marker
        postgres-18/                       the cluster, and what its server needs in the meantime

Only folders with such a name, a marker that contains this name, and no other files are removed. A restore takes two
renames. The marker is updated before the first, so the next start after a crash can undo or finish the restore.
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
"""Ends the processes of a cluster that use a socket folder."""

MARKER = 'line-monitor-work.json'
NAME = re.compile(r'\.line-monitor-work-[0-9a-f]{32}')
CLUSTER = re.compile(r'postgres-[0-9]{1,3}')
OURS_INSIDE = re.compile('|'.join([
    re.escape(MARKER), CLUSTER.pattern, NAME.pattern, 'socket', r'postgres\.log', r'owner\.(lock|beat)',
    r'database\.url', r'\.owner\.beat\.[0-9a-f]{16}', rf'\.(database\.url|{re.escape(MARKER)})\.[a-z0-9_]{{8}}']))
MAX_MARKER_BYTES = 4096
PATIENCE_S = 5.0
"""Seconds to wait for the last process of a killed run, which may still write."""


class Marker(BaseModel, extra='forbid'):
    """The content of the marker file."""

    made_by: Literal['line monitor'] = 'line monitor'
    folder: Annotated[str, Field(pattern=rf'^{NAME.pattern}$')]
    """The name of its folder."""
    place: Annotated[str | None, Field(pattern=rf'^{CLUSTER.pattern}$')] = None
    """The final name of the cluster inside, once it is complete."""
    kept_as: Annotated[str | None, Field(pattern=rf'^{CLUSTER.pattern}\.before-[0-9-]+$')] = None
    """The new name of the cluster that has that name now; None if there is none."""


class Workshop:
    """One such temporary folder."""

    def __init__(self, folder: Path, marker: Marker) -> None:
        self.folder = folder
        self.marker = marker

    @classmethod
    def make(cls, data_dir: Path) -> Workshop:
        """Create one with a new random name.

        :raises OSError: the data folder cannot be written
        """
        folder = data_dir / f'.line-monitor-work-{secrets.token_hex(16)}'
        make_data_folder(folder)
        workshop = cls(folder, Marker(folder=folder.name))
        workshop._write_marker()
        return workshop

    def put_in_place(self, cluster: Path, place: Path) -> Path | None:
        """Move the cluster to place. Returns the new path of the former one. On failure nothing has changed.

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
        """Undo or finish a killed restore. Returns whether the folder may be removed."""
        marker = self.marker
        if marker.place is None:
            return True
        place, filled = self.folder.parent / marker.place, self.folder / marker.place
        kept = self.folder.parent / marker.kept_as if marker.kept_as else None
        if os.path.lexists(place):
            if filled.exists() and kept is not None and os.path.lexists(kept):
                report(f'A restore was killed on its last step, and {place} has been created since: the restored '
                       f'database is {filled}, and the former one is {kept}. Keep the one you want as {place}, and '
                       f'move the others away')
                return False
            if filled.exists():
                report(f'A restore was killed before it changed anything: {place} is unchanged')
            elif kept is not None:
                report(f'A restore was killed after it had finished: {place} is the restored database, and the '
                       f'former one is in {kept}')
            return True
        if filled.exists():
            os.rename(filled, place)
            report(f'A restore was killed on its last step and is now finished: {place} is the restored database'
                   f'{f", and the former one is in {kept}" if kept else ""}')
        elif kept is not None and kept.exists():
            os.rename(kept, place)
            report(f'A restore was killed and cannot be finished: {place} is the former database again')
        make_durable(place.parent)
        return True

    def remove(self) -> bool:
        """Remove the folder unless it contains other files. Returns whether it is gone."""
        if self.strangers():
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def strangers(self) -> list[str]:
        """Names in it that this program did not create."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in self.folder.iterdir() if not OURS_INSIDE.fullmatch(path.name))
        return []

    def _write_marker(self) -> None:
        write_whole(self.folder / MARKER, self.marker.model_dump_json(indent=2))


def workshops(data_dir: Path) -> Iterator[Workshop]:
    """The workshops of earlier runs in the data folder. Empty ones without a marker are removed."""
    with suppress(FileNotFoundError):
        for folder in sorted(data_dir.iterdir()):
            if NAME.fullmatch(folder.name) and stat.S_ISDIR(folder.lstat().st_mode):
                if (marker := _marker_of(folder)) is not None:
                    yield Workshop(folder, marker)
                else:
                    with suppress(OSError):  # rmdir removes only empty folders
                        folder.rmdir()


def is_interrupted(data_dir: Path) -> bool:
    """Whether there is a killed restore to undo or finish."""
    with suppress(OSError):  # no folder: the caller reports it
        return any(workshop.marker.place is not None for workshop in workshops(data_dir))
    return False


def tidy_up(data_dir: Path, end: End, report: Report) -> Wait:
    """Undo or finish what killed runs had started, and remove their folders. Only for the owner of the data folder.

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
            report(f'{workshop.folder} is not removed, because it contains {", ".join(strangers)}')
            continue
        deadline = time.monotonic() + PATIENCE_S
        while not workshop.remove() and time.monotonic() < deadline:  # if it stays, it only takes space
            yield


def free_name(place: Path) -> Path:
    """An unused name for a cluster that is moved aside."""
    stamp = f'{place.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}'
    names = (place.with_name(f'{stamp}{f"-{number}" if number else ""}') for number in range(1_000_000))
    return next(name for name in names if not os.path.lexists(name))


def _marker_of(folder: Path) -> Marker | None:
    path = folder / MARKER
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_MARKER_BYTES:
            return None
        marker = Marker.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return marker if marker.folder == folder.name else None
