"""Installed from a wheel into its own environment, the program works from any folder, and ends on request."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from database.environments import install, new_environment
from ports import free_port
from short_folder import short_folder

from floor.core.version import program_version

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
SIGTERM_WHEN = {
    'the data folder is made': lambda folder, log: (folder / 'data').exists(),
    'the database is made': lambda folder, log: (folder / 'data' / 'postgres.log').exists(),
    'the database has started': lambda folder, log: (folder / 'data' / 'database.url').exists(),
    'the server starts': lambda folder, log: 'Line Monitor' in log,
    'the tables are made': lambda folder, log: '0003_' in log,
    'the floor is live': lambda folder, log: 'the floor is live' in log,
}


@pytest.fixture(scope='module')
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh virtual environment with our wheel, and the packages that the tests run with."""
    folder = tmp_path_factory.mktemp('installed')
    install(new_environment(folder / 'venv'), '--no-deps', ROOT)
    packages, = (folder / 'venv' / 'lib').glob('python*/site-packages')
    # a .pth file in there, as the one that makes our checkout importable, is not followed
    (packages / 'packages_of_the_tests.pth').write_text(sysconfig.get_paths()['purelib'] + '\n')
    assert list(packages.glob('line_monitor-*.dist-info/licenses/NOTICE')), 'what comes from others is named there'
    return folder / 'venv' / 'bin'


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that has nothing to do with a checkout; the database server's user may pass through it."""
    with short_folder() as folder:
        yield folder


def settings(folder: Path) -> dict[str, str]:
    """A clean environment: where the program may find something of the developer's is left out."""
    return {'PATH': os.environ['PATH'], 'HOME': str(folder), 'DATA_DIR': 'data', 'BACKFILL_DAYS': '0',
            'ENABLE_SIMULATOR': 'false'}


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b''


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def test_a_wheel_has_all_that_the_program_needs(environment: Path, elsewhere: Path) -> None:
    port = free_port()
    log = elsewhere / 'log'
    version = subprocess.run([environment / 'line-monitor', '--version'], cwd=elsewhere, env=settings(elsewhere),
                             capture_output=True, text=True, check=True).stdout
    assert version == f'line-monitor {program_version()}\n'
    with log.open('wb') as out:
        process = subprocess.Popen([environment / 'line-monitor', '--port', str(port)], cwd=elsewhere, stdout=out,
                                   stderr=out, env=settings(elsewhere))
    try:
        until(lambda: get(f'http://127.0.0.1:{port}/healthz')[0] == 200, process, log)
        assert b'"live"' in get(f'http://127.0.0.1:{port}/healthz')[1]
        assert get(f'http://127.0.0.1:{port}/')[0] == 200
        css = (ROOT / 'assets' / 'css' / 'floor.css').read_bytes()
        assert get(f'http://127.0.0.1:{port}/assets/css/floor.css') == (200, css)
        saved = subprocess.run([environment / 'line-monitor', 'backup', 'floor.zip'], cwd=elsewhere,
                               env=settings(elsewhere), capture_output=True, text=True, check=False)
        assert saved.returncode == 0, saved.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert 'Traceback' not in log.read_text()
    assert sorted(path.name for path in elsewhere.iterdir()) == ['data', 'floor.zip', 'log']


@pytest.mark.parametrize('moment', SIGTERM_WHEN)
def test_sigterm_ends_it_in_order_at_any_moment_of_a_first_start(elsewhere: Path, moment: str) -> None:
    log = elsewhere / 'log'
    with log.open('wb') as out:
        process = subprocess.Popen([sys.executable, ROOT / 'main.py', '--port', str(free_port())], cwd=elsewhere,
                                   stdout=out, stderr=out, env=settings(elsewhere))
    try:
        until(lambda: SIGTERM_WHEN[moment](elsewhere, log.read_text()), process, log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert 'Traceback' not in log.read_text()
    assert 'Exception ignored' not in log.read_text()


def test_the_first_command_of_readme_works_where_the_systems_python_is_not_ours_to_change(tmp_path: Path) -> None:
    """Debian 12, Ubuntu 24 and Homebrew refuse pip outside an environment. The packages are those of the tests here."""
    command = (ROOT / 'README.md').read_text().split('```bash\n')[1].splitlines()[0]
    command = command.replace('pip install', 'pip install --no-deps')
    python, = re.findall(r'^(\S+) -m venv', command)
    for name in ('pyproject.toml', 'README.md', 'LICENSE', 'NOTICE', 'main.py'):
        shutil.copy(ROOT / name, tmp_path)
    for name in ('floor', 'simulator', 'auth', 'sql', 'assets'):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / python).symlink_to(sys.executable)
    environment = {'PATH': f'{tmp_path / "bin"}:{os.environ["PATH"]}', 'HOME': str(tmp_path),
                   'PIP_REQUIRE_VIRTUALENV': '1', 'PYTHONPATH': sysconfig.get_paths()['purelib']}
    done = subprocess.run(['sh', '-ec', f'{command} --version'], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith('line-monitor ')
