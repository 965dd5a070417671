"""Events that wait on disk until the app has them, and the totals that counters had.

When put() returns, the events survive the end of this process in any way, kill -9 too (SQLite in WAL mode: what is
committed is in the system's memory). A power cut may lose what was put since the last sync(), which is called once a
second; the file itself stays whole.
"""

from __future__ import annotations

import fcntl
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..core.formatting import number
from .errors import GatewayConfigError, QueueError
from .event_format import with_id

log = logging.getLogger(__name__)

FILE = 'queue.db'
SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS events
    (id INTEGER PRIMARY KEY AUTOINCREMENT, queued_at INTEGER NOT NULL, event TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS totals
    (point TEXT PRIMARY KEY, total INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
"""
FREED_PAGES = 200
"""Returned to the file system with each removal."""
ROOM = 0.9
"""A full queue is logged again after less than this share of its limit waited."""


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event, its place in the order, and when it was put, in seconds since 1970."""

    number: int
    event: str
    queued_at: float


@dataclass(frozen=True, slots=True)
class Total:
    """What a counter showed last. at: in milliseconds since 1970."""

    total: int
    at: int


class EventQueue:
    """A first-in, first-out queue of events. Use it in one thread; sync() may run in another."""

    def __init__(self, folder: Path | None, limit: int) -> None:
        """folder: is made if it is not there; None: in memory, for trials. limit: more events lose the oldest.

        :raises GatewayConfigError: the folder cannot be written, or another gateway uses it
        """
        self._limit = limit
        self._file = folder and folder / FILE
        self._lock = _lock(folder) if folder else None
        try:
            self._database = _open(self._file)
        except sqlite3.OperationalError as error:
            raise GatewayConfigError(f'the queue {self._file} cannot be opened: {error}') from error
        with self._transaction():
            self.lost = self._lost_before()
        """Events that were never sent, since there were more than the limit; ever."""
        first, last = self._database.execute('SELECT min(id), max(id) FROM events').fetchone()
        self._last = last or self._sequence()
        self._first = first or self._last + 1
        self._run = secrets.token_hex(4)
        """Begins the ids of this process: numbers may be used again after a power cut."""
        self._is_full = False
        self.on_put: Callable[[], None] = lambda: None
        """Called after events were put."""
        self.put_count = 0
        """Events that were put since the start."""

    @property
    def waiting(self) -> int:
        """The number of events: their numbers have no gaps, since only the first are removed."""
        return self._last - self._first + 1

    @property
    def oldest_age(self) -> float:
        """Seconds that the first event has waited; 0: none waits."""
        first = self.first(1)
        return max(0.0, time.time() - first[0].queued_at) if first else 0.0

    def put(self, events: Sequence[str], totals: Mapping[str, Total] | None = None) -> None:
        """Append events and replace totals of counters, all or nothing.

        :raises QueueError: they are not stored, as when the disk is full
        """
        now = int(time.time() * 1000)
        with self._transaction():
            self._database.executemany('INSERT INTO events (queued_at, event) VALUES (?, ?)', [
                (now, with_id(each, f'{self._run}-{self.put_count + place}')) for place, each in enumerate(events)])
            self._database.executemany('INSERT OR REPLACE INTO totals VALUES (?, ?, ?)', [
                (point, each.total, each.at) for point, each in (totals or {}).items()])
            excess = self._discard(self.waiting + len(events) - self._limit)
        self.put_count += len(events)
        self._last += len(events)
        self._first += excess
        self.lost += excess
        if events:
            self.on_put()

    def first(self, most: int) -> list[QueuedEvent]:
        """The oldest events, in their order.

        :raises QueueError: they cannot be read
        """
        with self._errors():
            rows = self._database.execute('SELECT id, event, queued_at FROM events ORDER BY id LIMIT ?',
                                          (most,)).fetchall()
        return [QueuedEvent(number, event, queued_at / 1000) for number, event, queued_at in rows]

    def remove(self, through: int) -> None:
        """Remove the events with numbers up to this one.

        :raises QueueError: they are still there
        """
        with self._transaction():
            self._database.execute('DELETE FROM events WHERE id <= ?', (through,))
        self._first = max(self._first, min(through, self._last) + 1)
        self._is_full &= self.waiting > ROOM * self._limit
        with self._errors():
            self._database.execute(f'PRAGMA incremental_vacuum({FREED_PAGES})').fetchall()

    def total(self, point: str) -> Total | None:
        """The last total of a counter.

        :raises QueueError: it cannot be read
        """
        with self._errors():
            row = self._database.execute('SELECT total, at FROM totals WHERE point = ?', (point,)).fetchone()
        return row and Total(*row)

    def sync(self) -> None:
        """Write to the disk itself what was put. Takes as long as the disk; may run in another thread.

        :raises QueueError: it cannot be written
        """
        if self._file is not None:
            with self._errors(), closing(sqlite3.connect(self._file, timeout=1)) as database:
                database.execute('PRAGMA wal_checkpoint(PASSIVE)').fetchall()

    def close(self) -> None:
        """Close the file; another gateway may use it then."""
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    def _discard(self, excess: int) -> int:
        """Remove the oldest of too many. Returns how many."""
        if excess <= 0:
            return 0
        if not self._is_full:
            self._is_full = True
            log.error('the queue is full with %s events: the oldest are lost', number(self._limit))
        self._database.execute('DELETE FROM events WHERE id < ?', (self._first + excess,))
        self._database.execute("UPDATE notes SET value = ? WHERE name = 'lost'", (self.lost + excess,))
        return excess

    def _lost_before(self) -> int:
        self._database.execute("INSERT OR IGNORE INTO notes VALUES ('lost', 0)")
        return int(self._database.execute("SELECT value FROM notes WHERE name = 'lost'").fetchone()[0])

    def _sequence(self) -> int:
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._database.execute('BEGIN IMMEDIATE')
            try:
                yield
                self._database.execute('COMMIT')
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute('ROLLBACK')
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise QueueError(f'the queue {self._file} cannot be used: {error}') from error


def _lock(folder: Path) -> TextIO:
    """A file that only one process can lock."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / 'lock').open('a')
    except OSError as error:
        raise GatewayConfigError(f'the queue folder {folder} cannot be written: {error}') from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise GatewayConfigError(f'another gateway uses the queue folder {folder}') from error
    return lock


def _open(file: Path | None) -> sqlite3.Connection:
    """A file that is damaged is kept beside a new one."""
    try:
        return _connect(file)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        assert file is not None  # noqa: S101
        damaged = file.with_name(f'{FILE}.damaged-{int(time.time())}')
        file.rename(damaged)
        for rest in ('-wal', '-shm'):
            file.with_name(FILE + rest).unlink(missing_ok=True)
        log.error('the queue was damaged (%s): it is kept as %s, and a new one begins', error, damaged)
        return _connect(file)


def _connect(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(file or ':memory:', isolation_level=None, timeout=5)
    try:
        database.executescript(SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database
