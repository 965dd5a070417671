"""Data folders as people have them: each works, or is refused in one clear sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from browser.program import Program
from database.embedded_floor import PROJECT, ask, command, copy_floor, note_of, running
from database.postgres import until

from floor.db.embedded.sockets import socket_folder_of

pytestmark = pytest.mark.long

NOT_UTF8 = os.fsdecode(b'caf\xe9 \xff')
IS_ROOT = os.geteuid() == 0


@pytest.mark.parametrize('name', [
    'Bänder Öl 工場 it\'s "50%" & $HOME #1; x=y', '-n', NOT_UTF8, 'long' * 40,
], ids=['spaces, letters and signs', 'dash', 'not UTF-8', 'too long for a socket'])
def test_a_folder_of_any_name_is_restored_into_and_saved(
        folder: Path, saved: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the backup lies in it, under the same name."""
    data_dir, temporary = folder / name, folder / 't'
    temporary.mkdir(mode=0o755)
    monkeypatch.setenv('TMPDIR', str(temporary))
    monkeypatch.setattr(tempfile, 'tempdir', str(temporary))
    done = command('restore', saved, DATA_DIR=str(data_dir))
    assert (done.returncode, done.stderr) == (0, '')
    assert list(temporary.iterdir()) == [], 'the socket of the restore is gone'
    with running(data_dir) as url:
        assert ask(url, 'SELECT true')
    file = data_dir / f'{name[:100]}.zip'
    done = command('backup', file, DATA_DIR=str(data_dir))
    assert (done.returncode, done.stderr) == (0, '')
    assert 'Traceback' not in done.stdout
    done = command('restore', file, '--replace', DATA_DIR=str(data_dir))
    assert (done.returncode, done.stderr) == (0, '')
    assert note_of(data_dir) == 'saved'
    for socket in temporary.iterdir():  # where the database of a long path listens, it stays
        assert socket_folder_of((data_dir / 'database.url').read_text()) == socket


async def test_the_program_runs_in_a_folder_whose_name_is_no_text(folder: Path) -> None:
    program = Program(folder, DATA_DIR=str(folder / NOT_UTF8))
    program.start()
    try:
        await until(lambda: program.health().get('status') == 'live', 60)
    finally:
        program.stop()
    assert 'Traceback' not in program.log


def test_a_relative_folder_is_one_of_where_the_command_is_run(folder: Path, saved: Path) -> None:
    (folder / 'plant').mkdir()
    shutil.copy(saved, folder / 'plant' / 'floor.zip')
    done = command('restore', 'floor.zip', cwd=folder / 'plant', DATA_DIR='my data/floor')
    assert (done.returncode, done.stderr) == (0, '')
    done = command('backup', '../again.zip', cwd=folder / 'plant', DATA_DIR='./my data/floor')
    assert (done.returncode, done.stderr) == (0, '')
    assert (folder / 'again.zip').exists()
    assert note_of(folder / 'plant' / 'my data' / 'floor') == 'saved'


def test_symbolic_links_are_followed(folder: Path, saved: Path) -> None:
    """To the data folder, also one that is not there yet, to the cluster in it, and to the backup."""
    (folder / 'link').symlink_to(folder / 'disk' / 'floor')
    (folder / 'floor.zip').symlink_to(saved)
    assert command('restore', folder / 'floor.zip', DATA_DIR=str(folder / 'link')).returncode == 0
    assert note_of(folder / 'disk' / 'floor') == 'saved'
    (folder / 'disk' / 'floor' / 'postgres-18').rename(folder / 'disk' / 'cluster')
    (folder / 'disk' / 'floor' / 'postgres-18').symlink_to(folder / 'disk' / 'cluster')
    assert command('restore', folder / 'floor.zip', '--replace', DATA_DIR=str(folder / 'link')).returncode == 0
    assert (folder / 'disk' / 'cluster' / 'PG_VERSION').exists(), 'what the link led to is still there'
    assert note_of(folder / 'link') == 'saved'


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout
    assert 'Traceback' not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize('name', ['backup', 'restore'])
def test_a_link_in_a_circle_and_a_file_are_no_folders(folder: Path, saved: Path, name: str) -> None:
    (folder / 'circle').symlink_to(folder / 'circle')
    (folder / 'file').write_text('mine')
    for data_dir in folder / 'circle', folder / 'file', folder / 'file' / 'd':
        message = refusal(command(name, saved if name == 'restore' else folder / 'b.zip', DATA_DIR=str(data_dir)))
        assert str(data_dir) in message
    assert (folder / 'file').read_text() == 'mine'


@pytest.mark.parametrize('name', ['backup', 'restore'])
def test_a_line_break_in_the_path_is_refused(folder: Path, saved: Path, name: str) -> None:
    """PostgreSQL's own file of a running server has the path as one line of several."""
    file = saved if name == 'restore' else folder / 'b.zip'
    assert 'without a line break' in refusal(command(name, file, DATA_DIR=str(folder / 'a\nb')))
    assert not (folder / 'a\nb').exists()


@pytest.mark.parametrize('name', ['owner.lock', 'owner.beat', 'postgres.log', 'database.url', 'socket'])
def test_a_folder_with_the_name_of_a_file_of_the_program_is_kept(folder: Path, saved: Path, name: str) -> None:
    """It works, or is named."""
    (folder / 'd' / name).mkdir(parents=True)
    (folder / 'd' / name / 'diary').write_text('mine')
    mode = (folder / 'd' / name).stat().st_mode
    done = command('restore', saved, DATA_DIR=str(folder / 'd'))
    if done.returncode:
        assert str(folder / 'd') in refusal(done)
    else:
        done = command('backup', folder / 'again.zip', DATA_DIR=str(folder / 'd'))
        assert done.returncode == 0 or str(folder / 'd') in refusal(done)
    assert (folder / 'd' / name / 'diary').read_text() == 'mine'
    assert (folder / 'd' / name).stat().st_mode == mode


def elsewhere(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A shell script with file its own systems."""
    if not IS_ROOT or subprocess.run(['unshare', '-m', 'true'], capture_output=True, check=False).returncode:
        pytest.skip('only root may mount a file system')
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE_', 'DATA_'))}
    return subprocess.run(['unshare', '-m', 'sh', '-ec', script, 'sh', *map(str, arguments)], text=True, cwd='/',
                          capture_output=True, env=ours | {'PYTHONPATH': str(PROJECT), 'PYTHON': sys.executable},
                          timeout=120, check=False)


READ_ONLY = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; '
SMALL = 'mount -t tmpfs -o mode=755,size="$3" tmpfs "$1"; '


def test_a_read_only_data_folder_is_named(folder: Path, saved: Path) -> None:
    copy_floor(folder / 'd', 'before')
    for work in f'restore --replace {saved}', f'backup {folder / "b.zip"}':
        done = elsewhere(f'{READ_ONLY} DATA_DIR="$1" exec "$PYTHON" -m floor.db.{work}', folder / 'd')
        assert 'Read-only file system' in refusal(done)
    assert note_of(folder / 'd') == 'before'


def test_a_backup_into_a_read_only_folder_is_refused(folder: Path) -> None:
    copy_floor(folder / 'd', 'before')
    (folder / 'b').mkdir()
    done = elsewhere(f'{READ_ONLY} DATA_DIR="$2" exec "$PYTHON" -m floor.db.backup "$1/b.zip"',
                     folder / 'b', folder / 'd')
    assert 'cannot be written (Read-only file system): choose another folder' in refusal(done)


def test_a_backup_onto_a_full_disk_leaves_nothing(folder: Path) -> None:
    copy_floor(folder / 'd', 'before')
    (folder / 'b').mkdir()
    done = elsewhere(f'{SMALL} set +e; DATA_DIR="$2" "$PYTHON" -m floor.db.backup "$1/b.zip"; code=$?; '
                     'ls -A "$1"; exit $code', folder / 'b', folder / 'd', '16k')
    assert 'cannot be written (No space left on device)' in refusal(done)
    assert 'b.zip' not in done.stdout


@pytest.mark.parametrize('size', ['100k', '30m', '42m'])
def test_a_restore_onto_a_full_disk_is_refused_and_leaves_nothing(folder: Path, saved: Path, size: str) -> None:
    """Before there is room for a cluster, while it is made, and while it is filled."""
    (folder / 'd').mkdir()
    done = elsewhere(f'{SMALL} set +e; DATA_DIR="$1" "$PYTHON" -m floor.db.restore "$2"; code=$?; '
                     'ls -A "$1"; exit $code',
                     folder / 'd', saved, size)
    message = refusal(done)
    assert 'No space left on device' in message or 'disk' in message, message
    assert set(done.stdout.split()) <= {'owner.lock'}


def test_a_limit_on_the_size_of_files_is_shown(folder: Path, saved: Path) -> None:
    copy_floor(folder / 'd', 'before')
    limited = ['prlimit', '--fsize=4096', sys.executable, '-m', 'floor.db.backup', str(folder / 'b.zip')]
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE_', 'DATA_'))}
    done = subprocess.run(limited, text=True, capture_output=True, cwd='/', timeout=120, check=False,
                          env=ours | {'PYTHONPATH': str(PROJECT), 'DATA_DIR': str(folder / 'd')})
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    assert not (folder / 'b.zip').exists()
    assert note_of(folder / 'd') == 'before'


def test_a_folder_of_another_user_is_named(folder: Path, saved: Path) -> None:
    (folder / 'd').mkdir(mode=0o700)
    if IS_ROOT:
        os.chown(folder / 'd', 12345, 12345)
    rights = ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner', '--inh-caps=-dac_override']
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE_', 'DATA_'))}
    if not IS_ROOT:
        pytest.skip('only root can give a folder away')
    done = subprocess.run([*rights, sys.executable, '-m', 'floor.db.restore', saved], text=True, capture_output=True,
                          cwd='/', timeout=120, check=False,
                          env=ours | {'PYTHONPATH': str(PROJECT), 'DATA_DIR': str(folder / 'd')})
    message = refusal(done)
    assert 'Permission denied' in message
    assert str(folder / 'd') in message
