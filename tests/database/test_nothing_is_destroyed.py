"""Backup and restore remove only what they made, and whatever ends them at any moment, a floor is there: the old one or
the new one, never an empty one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from database.embedded_floor import PROJECT, command, copy_floor, execute, note_of, running, settings_for, start
from database.postgres import SCHEMA

from floor.core.errors import EmbeddedDatabaseError, FloorError
from floor.db.backup import save
from floor.db.embedded import workshop
from floor.db.embedded.drafts import new_draft, remove_drafts
from floor.db.embedded.workshop import MARKER
from floor.db.restore import restore

pytestmark = pytest.mark.long

OURS = '.line-monitor-work-0123456789abcdef0123456789abcdef'
OTHER = '.line-monitor-work-ffffffffffffffffffffffffffffffff'


@pytest.fixture
def data_dir(folder: Path) -> Path:
    """With a floor in it that has the note 'before'."""
    copy_floor(folder / 'd', 'before')
    return folder / 'd'


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Each file below it."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob('*'))}


def things_of_a_person(data_dir: Path, saved: Path) -> dict[str, Path]:
    """Files and folders with every name that we might take for one of the program."""
    things = {name: data_dir / name for name in (
        'restore-monday', 'restore-', 'restore-12345678', 'postgres-18.new-1234', 'postgres-18.before-', 'restore',
        '.owner.beat.0123456789abcdef',
        OURS, OTHER, f'{OTHER[:-1]}0', f'{OTHER[:-1]}1', f'{OTHER[:-1]}2', f'.floor.zip.line-monitor-{"0" * 32}.part')}
    for name in 'restore-monday', 'restore-', 'postgres-18.new-1234', 'postgres-18.before-':
        things[name].mkdir()
        shutil.copy(saved, things[name] / 'floor.zip')
    things['restore-12345678'].write_text('a file')
    things['restore'].write_text('a file')
    things['.owner.beat.0123456789abcdef'].write_text('{"token": "another"}')
    things[OURS].write_text('a file')
    things[OTHER].mkdir()                               # no marker
    (things[OTHER] / 'diary').write_text('mine')
    copied = things[f'{OTHER[:-1]}0']                   # a marker, but of another folder: a copy that somebody keeps
    copied.mkdir()
    (copied / MARKER).write_text(json.dumps({'made_by': 'line monitor', 'folder': OTHER}))
    (copied / 'postgres-18').mkdir()
    used = things[f'{OTHER[:-1]}1']                     # ours, and somebody has put something into it
    used.mkdir()
    (used / MARKER).write_text(json.dumps({'made_by': 'line monitor', 'folder': used.name}))
    shutil.copy(saved, used / 'floor.zip')
    things[f'{OTHER[:-1]}2'].symlink_to(things['restore-monday'])
    things[f'.floor.zip.line-monitor-{"0" * 32}.part'].write_text('a file of that name')
    return things


def test_what_a_person_has_there_is_neither_removed_nor_in_the_way(data_dir: Path, saved: Path) -> None:
    things = things_of_a_person(data_dir, saved)
    before = {name: (everything_in(path), path.lstat().st_mode) for name, path in things.items()}
    texts = {name: path.read_text() for name, path in things.items() if path.is_file()}

    restore(settings_for(data_dir), things['restore-monday'] / 'floor.zip', replace=True)
    assert note_of(data_dir) == 'saved'
    save(settings_for(data_dir), data_dir / 'floor.zip')

    assert {name: (everything_in(path), path.lstat().st_mode) for name, path in things.items()} == before
    assert {name: path.read_text() for name, path in things.items() if path.is_file()} == texts


@pytest.mark.parametrize('where', ['.', 'restore-12345678', f'{OTHER[:-1]}1', 'postgres-18'])
def test_a_backup_inside_the_data_folder_is_restored_and_kept(data_dir: Path, saved: Path, where: str) -> None:
    """Whatever the folder is called that it lies in, and also in the database that is put aside."""
    (data_dir / where).mkdir(exist_ok=True)
    file = data_dir / where / 'floor.zip'
    shutil.copy(saved, file)
    restore(settings_for(data_dir), file, replace=True)
    assert note_of(data_dir) == 'saved'
    kept = next(data_dir.glob('postgres-18.before-*')) / 'floor.zip' if where == 'postgres-18' else file
    assert kept.read_bytes() == saved.read_bytes()


def test_a_second_restore_puts_nothing_over_what_the_first_put_aside(data_dir: Path, saved: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    class OneMoment(workshop.datetime):  # type: ignore[name-defined]
        @classmethod
        def now(cls, tz: object = None) -> workshop.datetime:  # type: ignore[name-defined]
            return workshop.datetime(2026, 1, 2, 3, 4, 5)  # type: ignore[attr-defined]
    monkeypatch.setattr(workshop, 'datetime', OneMoment)
    (data_dir / 'postgres-18.before-20260102-030405').write_text('of a person')
    for _ in range(2):
        restore(settings_for(data_dir), saved, replace=True)
    assert (data_dir / 'postgres-18.before-20260102-030405').read_text() == 'of a person'
    assert len(list(data_dir.glob('postgres-18.before-*/PG_VERSION'))) == 2


@pytest.mark.parametrize('failing', [1, 2])
def test_a_rename_that_fails_leaves_everything_as_it_was(
        data_dir: Path, saved: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    before = {path.name for path in data_dir.iterdir()}
    rename, done = os.rename, []

    def fail(source: Path, target: Path) -> None:
        if 'postgres-18' in (Path(source).name, Path(target).name) and Path(target).parent == data_dir:
            done.append(target)
            if len(done) == failing:
                raise OSError(5, 'Input/output error', str(source))
        rename(source, target)

    monkeypatch.setattr(os, 'rename', fail)
    with pytest.raises(FloorError, match='Input/output error'):
        restore(settings_for(data_dir), saved, replace=True)
    monkeypatch.undo()
    assert {path.name for path in data_dir.iterdir()} == before
    assert note_of(data_dir) == 'before'


KILLED = """
import os, signal, sys
from floor.db import restore
from floor.db.embedded.workshop import Workshop
left = int(sys.argv.pop(1))
rename, put = os.rename, Workshop.put_in_place

def killed(source, target):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    rename(source, target)

def put_in_place(self, cluster, place):
    os.rename = killed
    kept = put(self, cluster, place)
    os.kill(os.getpid(), signal.SIGKILL)

Workshop.put_in_place = put_in_place
sys.exit(restore.main())
"""


NOTES = {0: ('before', 'was killed before it changed anything'),
         1: ('saved', 'was killed on its last step and is now finished'),
         2: ('saved', 'was killed after it had finished')}
"""By the renames that were done: the note of the floor that is found, and what is logged."""


@pytest.mark.parametrize(('renames', 'next_is'), [(0, 'start'), (1, 'start'), (1, 'backup'), (1, 'restore'),
                                                  (2, 'start')])
def test_a_restore_that_is_killed_at_its_renames_is_undone_or_finished(
        data_dir: Path, saved: Path, renames: int, next_is: str) -> None:
    """By whatever comes next; and what is found is logged."""
    note, words = NOTES[renames]
    killed = subprocess.run([sys.executable, '-c', KILLED, str(renames), '--replace', str(saved)], cwd='/',
                            env=os.environ | {'PYTHONPATH': str(PROJECT), 'DATA_DIR': str(data_dir)}, timeout=120,
                            check=False)
    assert killed.returncode == -signal.SIGKILL
    output: list[str] = []
    if next_is == 'backup':
        done = command('backup', data_dir.parent / 'after.zip', DATA_DIR=str(data_dir))
        output.append(done.stdout.replace('\n', ' '))
    elif next_is == 'restore':
        done = command('restore', saved, DATA_DIR=str(data_dir))
        assert 'there is a database' in done.stderr
        output.append(done.stdout.replace('\n', ' '))
    assert note_of(data_dir, output) == note
    assert words in ' '.join(output)
    assert list(data_dir.glob('.line-monitor-work-*')) == []
    aside = list(data_dir.glob('postgres-18.before-*'))
    assert len(aside) == (1 if note == 'saved' else 0)


def test_a_first_restore_that_is_killed_at_its_rename_is_finished(folder: Path, saved: Path) -> None:
    """There was no database: the next start must not make an empty one."""
    data_dir = folder / 'd'
    killed = subprocess.run([sys.executable, '-c', KILLED, '0', str(saved)], cwd='/', timeout=120, check=False,
                            env=os.environ | {'PYTHONPATH': str(PROJECT), 'DATA_DIR': str(data_dir)})
    assert killed.returncode == -signal.SIGKILL
    assert not (data_dir / 'postgres-18').exists()
    assert note_of(data_dir) == 'saved'


def test_no_empty_floor_is_made_where_one_was_put_aside(data_dir: Path) -> None:
    """As an earlier version's restore left it, when it was killed between its renames."""
    (data_dir / 'postgres-18').rename(data_dir / 'postgres-18.before-20260101-000000')
    with pytest.raises(EmbeddedDatabaseError, match=r'is missing, but a database from before a restore exists, .*: '
                                                    r'rename it to postgres-18'), running(data_dir):
        pass
    (data_dir / 'postgres-18.before-20260101-000000').rename(data_dir / 'postgres-18')
    assert note_of(data_dir) == 'before'


def test_a_killed_backup_leaves_no_file_of_that_name_and_the_next_removes_its_draft(
        data_dir: Path, folder: Path) -> None:
    drafts = folder / 'backups'
    drafts.mkdir()
    with running(data_dir) as url, asyncio.Runner() as here:
        other = here.run(asyncpg.connect(url))  # without it a quick backup could be done before it is killed
        here.run(other.execute(f'BEGIN; LOCK TABLE {SCHEMA}.machines IN ACCESS EXCLUSIVE MODE'))
        with start('backup', drafts / 'floor.zip', DATA_DIR=str(data_dir)) as killed:
            while not list(drafts.iterdir()):
                assert killed.poll() is None
                time.sleep(0.01)
            killed.kill()
        here.run(other.close())
    assert not (drafts / 'floor.zip').exists()
    left, = drafts.iterdir()
    done = command('backup', drafts / 'floor.zip', DATA_DIR=str(data_dir))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in drafts.iterdir()] == ['floor.zip']
    assert not left.exists()


def test_a_draft_that_is_being_written_is_left_alone(folder: Path) -> None:
    draft, descriptor = new_draft(folder / 'floor.zip')
    remove_drafts(folder)
    assert draft.exists()
    os.close(descriptor)
    remove_drafts(folder)
    assert not draft.exists()


def test_settings_of_the_embedded_database_do_not_leak_into_a_backup(data_dir: Path, folder: Path) -> None:
    """Somebody has changed them with psql."""
    settings = {'statement_timeout': '1ms', 'idle_session_timeout': '1ms', 'lock_timeout': '1ms',
                'idle_in_transaction_session_timeout': '1ms', 'standard_conforming_strings': 'off',
                'DateStyle': 'SQL, DMY', 'session_replication_role': 'replica', 'search_path': 'pg_temp',
                'default_transaction_isolation': 'serializable', 'quote_all_identifiers': 'on'}
    with running(data_dir) as url:
        execute(url, ''.join(f"ALTER ROLE postgres SET {name} = '{value}';" for name, value in settings.items()))
    save(settings_for(data_dir), folder / 'floor.zip')
    restore(settings_for(folder / 'o'), folder / 'floor.zip')
    assert note_of(folder / 'o') == 'before'
