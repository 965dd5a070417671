"""Backup and restore while they are killed, and while a thousand changes a second are written.

    python -m tests.faults.backups [--kills 100] [--seed 1]

After each kill a start finds the old floor or the restored one, never an empty one, and a backup under its name is
whole. A backup of a floor in motion, restored, is table by table what its snapshot saw.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))   # the modules have the same names here as under pytest

import asyncpg
from database.embedded_floor import make_floor, note_of, running, settings_for, start
from database.postgres import SCHEMA

from floor.core.errors import BackupError
from floor.core.session_settings import ADMINISTRATOR
from floor.db import backup
from floor.db.embedded.backup_file import open_backup
from floor.db.embedded.postgres_programs import copy_out
from floor.db.restore import restore

WRITERS = 4
MAX_S = 600.0
OURS = {'owner.lock', 'owner.beat', 'postgres-18', 'postgres.log', 'database.url', 'socket'}
DIARY = 'restore-diary'


def kill_often(folder: Path, kills: int, seed: int) -> list[str]:
    """What was broken; nothing is. Each kill comes at a random moment of a backup or a restore."""
    moments, broken = random.Random(seed), []
    data_dir, file, other = folder / 'd', folder / 'saved.zip', folder / 'again.zip'
    make_floor(data_dir, 'saved')
    backup.save(settings_for(data_dir), file)
    (data_dir / DIARY).write_text('of a person')
    lasts = {'backup': _lasts('backup', other, '--replace', data_dir=data_dir),
             'restore': _lasts('restore', file, '--replace', data_dir=data_dir)}
    for number in range(kills):
        make_floor(data_dir, f'round {number}')
        name = moments.choice(['backup', 'restore'])
        after = moments.uniform(0, 1.05 * lasts[name])
        with start(name, other if name == 'backup' else file, '--replace', DATA_DIR=str(data_dir)) as process:
            threading.Event().wait(after)
            process.kill()
        output: list[str] = []
        try:
            note = note_of(data_dir, output)
        except asyncpg.PostgresError as error:
            note = f'no floor: {error}'
        if note not in ({f'round {number}'} if name == 'backup' else {f'round {number}', 'saved'}):
            broken.append(f'{number}: {name} killed after {after:.2f} s: {note!r} ({output})')
        broken += [f'{number}: {name} killed after {after:.2f} s: {problem}' for problem in _wrong_in(data_dir, other)]
        for kept in data_dir.glob('postgres-18.before-*'):
            shutil.rmtree(kept)
    return broken


def _lasts(name: str, *arguments: Any, data_dir: Path) -> float:
    began = time.monotonic()
    with start(name, *arguments, DATA_DIR=str(data_dir)) as process:
        _, error = process.communicate()
    assert process.returncode == 0, error
    return time.monotonic() - began


def _wrong_in(data_dir: Path, file: Path) -> Iterator[str]:
    try:
        with open_backup(file):
            pass
    except BackupError as error:
        yield str(error)
    if (data_dir / DIARY).read_text() != 'of a person':
        yield 'a file of a person was changed'
    left = {path.name for path in data_dir.iterdir() if not path.name.startswith('postgres-18.before-')}
    if left - OURS - {DIARY}:
        yield f'left: {left - OURS - {DIARY}}'


class Writing:
    """What the writers have done."""

    def __init__(self) -> None:
        self.changes = 0
        self.seconds = 0.0

    def wait_for(self, changes: int) -> None:
        """Until so many were written."""
        deadline = time.monotonic() + MAX_S
        while self.changes < changes:
            assert time.monotonic() < deadline, f'{self.changes} changes, and no more'
            threading.Event().wait(0.01)

    @property
    def rate(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds


@contextmanager
def writers(url: str) -> Iterator[Writing]:
    """Change machines, report orders and speak to them, as fast as the database takes it."""
    stop, written = threading.Event(), Writing()

    async def write(number: int) -> None:
        connection = await asyncpg.connect(url, server_settings={'search_path': SCHEMA})
        count = 0
        while not stop.is_set():
            await connection.execute(
                "UPDATE machine_feed_stream SET status = CASE status WHEN 'down' THEN 'warning' ELSE 'down' END, "
                'reason = $1 WHERE machine_id % $2 = $3', f'reason {count}', WRITERS, number)
            written.changes += 30 // WRITERS
            count += 1
        await connection.close()

    async def write_all() -> None:
        await asyncio.gather(*(write(number) for number in range(WRITERS)))

    began = time.monotonic()
    thread = threading.Thread(target=asyncio.run, args=(write_all(),))
    thread.start()
    try:
        yield written
    finally:
        written.seconds = time.monotonic() - began
        stop.set()
        thread.join()


def backup_in_motion(folder: Path, changes: int) -> tuple[dict[str, Any], dict[str, Any], Writing]:
    """Each table as the backup's snapshot saw it, and as it is where the backup was restored. changes: so many are
    written before it begins."""
    make_floor(folder / 'd', 'before')
    seen: dict[str, Any] = {}

    def look_then_dump(to: IO[bytes], program: str, *arguments: str, **options: Any) -> None:
        if program == 'pg_dump':
            snapshot = next(each for each in arguments if each.startswith('--snapshot=')).partition('=')[2]
            thread = threading.Thread(target=lambda: seen.update(asyncio.run(tables(arguments[-1], snapshot))))
            thread.start()
            thread.join()
        copy_out(to, program, *arguments, **options)

    with running(folder / 'd') as url, writers(url) as written, patch.object(backup, 'copy_out', look_then_dump):
        written.wait_for(changes)
        backup.save(settings_for(folder / 'd'), folder / 'floor.zip')
    restore(settings_for(folder / 'o'), folder / 'floor.zip')
    with running(folder / 'o') as url:
        return seen, asyncio.run(tables(url)), written


async def tables(url: str, snapshot: str | None = None) -> dict[str, Any]:
    """How many rows each table has, and a hash of all of them."""
    connection = await asyncpg.connect(url, server_settings=ADMINISTRATOR | {'search_path': SCHEMA, 'timezone': 'UTC'})
    try:
        async with connection.transaction(isolation='repeatable_read', readonly=True):
            if snapshot is not None:
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            names = [row['tablename'] for row in await connection.fetch(
                'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename', SCHEMA)]
            return {name: tuple(await connection.fetchrow(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t")) for name in names}
    finally:
        await connection.close()


def main() -> int:
    """0 when nothing was broken."""
    parser = argparse.ArgumentParser(prog='python -m tests.faults.backups', description=__doc__)
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--changes', type=int, default=50_000, help='written before the backup of a floor in motion')
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    folder.chmod(0o755)
    try:
        (folder / 'motion').mkdir(mode=0o755)
        seen, found, written = backup_in_motion(folder / 'motion', arguments.changes)
        broken = [f'{name}: {seen[name]} became {found.get(name)}' for name in seen if seen[name] != found.get(name)]
        print(f'backup under {written.rate:,.0f} changes a second: {len(seen)} tables with '
              f'{sum(count for count, _ in seen.values()):,} rows, {len(broken)} differ', flush=True)
        began = time.monotonic()
        kills = kill_often(folder, arguments.kills, arguments.seed)
        print(f'{arguments.kills} kills in {time.monotonic() - began:.0f} s, {len(kills)} broken')
    finally:
        shutil.rmtree(folder)
    for problem in (*broken, *kills):
        print(f'  {problem}')
    return 1 if broken or kills else 0


if __name__ == '__main__':
    sys.exit(main())
