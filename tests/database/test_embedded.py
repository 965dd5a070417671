"""The embedded database under everything that ends processes: what it promises is that nobody ever has to tidy up.

Each "process of the program" is a real one, so that it can be killed. What it says goes to a file, one JSON object a
line, and every wait is for a condition.
"""

import asyncio
import atexit
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from database.embedded_floor import settings_for

from floor.core.errors import EmbeddedDatabaseError
from floor.core.version import program_version
from floor.db.backup import save
from floor.db.embedded.data_folder import make_data_dir
from floor.db.embedded.database_url import database_url_of
from floor.db.embedded.postgres_binaries import binaries
from floor.db.embedded.server import EmbeddedPostgres
from floor.db.embedded.sockets import address, socket_folder_of

pytestmark = [pytest.mark.skipif(sys.platform == 'win32', reason='there is no embedded database on Windows'),
              pytest.mark.long]

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason='needs root, to become somebody else')
linux_only = pytest.mark.skipif(sys.platform != 'linux', reason='only Linux ends a child with its parent')

PROJECT = Path(__file__).parents[2]
NOBODY = 65534
PR_SET_CHILD_SUBREAPER = 36
PROGRAM = """
import asyncio, json, signal, sys
from pathlib import Path
from floor.db.embedded.server import EmbeddedPostgres
from floor.core.errors import EmbeddedDatabaseError

def say(**facts):
    print(json.dumps(facts), flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it
postgres = EmbeddedPostgres(Path(sys.argv[1]), report=lambda text: say(report=text))
try:
    postgres.start()
except EmbeddedDatabaseError as error:
    sys.exit(say(error=str(error)))
say(url=postgres.url, is_owner=postgres.is_owner)
asyncio.run(postgres.supervise())
"""


class Program:
    """A process that starts the database or joins it, and then looks after it."""

    def __init__(self, data_dir: Path, output: Path, *, path: str | None = None, prefix: tuple[str, ...] = (),
                 python: str = sys.executable, before: str = '', arguments: tuple[str, ...] = (),
                 **options: Any) -> None:
        self._output = output
        environment = {**os.environ, 'PYTHONPATH': path or f'{PROJECT}:{binaries().parents[2]}'}
        with output.open('wb') as out:
            self.process = subprocess.Popen(
                [*prefix, python, '-c', f'import sys\n{before}{PROGRAM}', str(data_dir), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment, cwd='/', **options,
            )

    def output(self, key: str, containing: str = '') -> Any:
        """Waits until it says that, and returns it."""
        return until(lambda: self._find(key, containing) or self._is_over(key, containing))[0]

    def _find(self, key: str, containing: str) -> list[Any]:
        lines = [line for line in self._output.read_text().splitlines(keepends=True) if line.endswith('}\n')]
        facts = [json.loads(line) for line in lines]
        return [fact[key] for fact in facts if key in fact and containing in str(fact[key])]

    def _is_over(self, key: str, containing: str) -> Any:
        if self.process.poll() is None:
            return None
        found = self._find(key, containing)
        assert found, f'it ended with the output: {self._output.read_text()}'
        return found

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


def until(condition: Callable[[], Any], patience: float = 60) -> Any:
    """What the condition gives as soon as it is true; fails when that takes longer than anyone would wait."""
    deadline = time.monotonic() + patience
    while not (result := condition()):
        assert time.monotonic() < deadline, f'never became true: {condition}'
        time.sleep(0.02)
    return result


def servers(data_dir: Path) -> list[psutil.Process]:
    """Live processes that work in a cluster of that data folder, found without our own code. The folder is asked first:
    it takes the least, and a zombie has none."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).parent == data_dir and process.name() == 'postgres':
                found.append(process)
    return found


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / 'postgres-18' / 'postmaster.pid').read_text().split()[0]))


def ask(url: str, *statements: str) -> Any:
    """Runs statements over its own connection; the first value of the last."""
    async def run() -> Any:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()
    return asyncio.run(run())


def answers(url: str) -> bool:
    try:
        return bool(ask(url, 'SELECT true'))
    except (OSError, asyncpg.PostgresError):
        return False


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where other users may pass through, unlike pytest's own; whatever still runs in it at the end is killed."""
    folder = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    folder.chmod(0o711)
    yield folder
    for data_dir in folder.rglob('owner.lock'):
        for process in servers(data_dir.parent):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        until(lambda folder=data_dir.parent: not servers(folder))  # type: ignore[misc]
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(folder: Path) -> Path:
    return folder / 'data'


@cache
def made_once() -> Path:
    """A cluster whose server has been stopped."""
    folder = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    atexit.register(shutil.rmtree, folder)
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    postgres.stop()
    return folder / 'postgres-18'


@pytest.fixture
def cluster(data_dir: Path) -> None:
    """A copy of a cluster in the data folder, for tests that are not about the first start: initdb takes longer."""
    make_data_dir(data_dir)
    shutil.copytree(made_once(), data_dir / 'postgres-18')


@pytest.fixture
def launch(folder: Path) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def start(data_dir: Path, **options: Any) -> Program:
        programs.append(Program(data_dir, folder / f'output-{len(programs)}', **options))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


@pytest.mark.parametrize('major', [16, 18])
def test_a_first_start_gives_a_database_for_asyncpg_and_psql_and_stop_ends_it(data_dir: Path, major: int) -> None:
    postgres = EmbeddedPostgres(data_dir, major=major)
    postgres.start()
    try:
        what = "SELECT concat_ws(' ', current_database(), current_setting('search_path'), current_setting('fsync'))"
        expected = 'line_monitor manufacturing_line, public on'
        assert postgres.is_owner
        assert ask(postgres.url, what) == expected
        shell = f'{postgres.psql} -XAtc "{what}"'
        assert subprocess.check_output(shell, shell=True, text=True).strip() == expected
        assert ask(postgres.url, 'SHOW server_version_num')[:2] == str(major)
        assert (data_dir / 'database.url').read_text() == f'{postgres.url}\n'
        assert (data_dir / 'database.url').stat().st_mode & 0o777 == 0o600
        assert (data_dir / 'socket').stat().st_mode & 0o777 == 0o700
        assert (data_dir / 'postgres.log').stat().st_mode & 0o777 == 0o600, 'it may quote data'
    finally:
        postgres.stop()
    assert not servers(data_dir)
    postgres.stop()


@pytest.mark.usefixtures('cluster')
def test_the_data_is_there_after_stop_and_start(data_dir: Path) -> None:
    for expected in (1, 2, 3):
        postgres = EmbeddedPostgres(data_dir)
        postgres.start()
        try:
            ask(postgres.url, 'CREATE TABLE IF NOT EXISTS public.starts (at timestamptz DEFAULT now())',
                'INSERT INTO starts DEFAULT VALUES', 'SELECT 1')
            assert ask(postgres.url, 'SELECT count(*) FROM starts') == expected
        finally:
            postgres.stop()


@pytest.mark.usefixtures('cluster')
def test_a_second_process_joins_and_leaves_the_server_alone(data_dir: Path, launch: Callable[..., Program]) -> None:
    owner = launch(data_dir)
    url = owner.output('url')
    joiner = EmbeddedPostgres(data_dir)
    joiner.start()
    assert not joiner.is_owner
    assert joiner.url == url == database_url_of(data_dir)
    joiner.stop()
    assert answers(url)


@pytest.mark.usefixtures('cluster')
def test_only_the_program_itself_holds_the_lock(data_dir: Path, launch: Callable[..., Program]) -> None:
    """A server that inherited it would keep the next owner out after the program's death."""
    launch(data_dir).output('url')
    with (data_dir / 'owner.lock').open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for process in servers(data_dir):
        assert not [file for file in process.open_files() if file.path.endswith('owner.lock')]


@linux_only
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.usefixtures('cluster')
def test_the_server_ends_with_the_program_however_it_ends(
    data_dir: Path, launch: Callable[..., Program], number: signal.Signals,
) -> None:
    owner = launch(data_dir)
    owner.output('url')
    assert servers(data_dir)
    owner.end(number)
    until(lambda: not servers(data_dir))


@pytest.fixture
def unreaped() -> Iterator[None]:
    """As in a container whose first process doesn't collect the dead: orphans stay as zombies, of this process."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    for child in psutil.Process().children():
        if child.status() == psutil.STATUS_ZOMBIE:
            with suppress(ChildProcessError):
                os.waitpid(child.pid, 0)


@linux_only
@pytest.mark.usefixtures('unreaped')
@pytest.mark.usefixtures('cluster')
def test_after_a_double_kill_the_next_start_has_every_committed_row(
    data_dir: Path, launch: Callable[..., Program],
) -> None:
    owner = launch(data_dir)
    url = owner.output('url')
    ask(url, 'CREATE TABLE public.kept AS SELECT generate_series(1, 1000) AS n', 'SELECT 1')
    killed = postmaster(data_dir)
    owner.process.send_signal(signal.SIGSTOP)   # or it would see to its server before it dies itself
    killed.kill()
    owner.end()
    until(lambda: killed.status() == psutil.STATUS_ZOMBIE)
    again = launch(data_dir)
    assert ask(again.output('url'), 'SELECT count(*) FROM kept') == 1000


@linux_only
@pytest.mark.usefixtures('cluster')
def test_a_start_waits_for_the_session_that_a_killed_server_left(
    data_dir: Path, launch: Callable[..., Program],
) -> None:
    """Such a session still writes to the same files; PostgreSQL itself refuses to start beside it."""
    owner = launch(data_dir)
    url = owner.output('url')
    shell = subprocess.Popen([binaries() / 'psql', '-Xc', 'SELECT pg_sleep(600)', url], stderr=subprocess.DEVNULL)
    busy = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    session = psutil.Process(until(lambda: ask(url, busy)))
    session.suspend()   # so that it can't notice that its server is gone
    owner.process.send_signal(signal.SIGSTOP)
    postmaster(data_dir).kill()
    owner.end()
    assert session.is_running()
    again = launch(data_dir)
    assert answers(again.output('url'))
    assert not session.is_running() or session.status() == psutil.STATUS_ZOMBIE
    shell.wait(30)


@pytest.mark.usefixtures('cluster')
def test_a_server_that_died_is_started_again(data_dir: Path, launch: Callable[..., Program]) -> None:
    owner = launch(data_dir)
    url = owner.output('url')
    ask(url, 'CREATE TABLE public.kept AS SELECT 1 AS n', 'SELECT 1')
    first = postmaster(data_dir)
    first.kill()
    owner.output('report', 'runs again')
    assert ask(url, 'SELECT count(*) FROM kept') == 1
    assert postmaster(data_dir) != first


@linux_only
@pytest.mark.usefixtures('cluster')
def test_a_joiner_takes_over_when_the_owner_has_gone(data_dir: Path, launch: Callable[..., Program]) -> None:
    owner = launch(data_dir)
    url = owner.output('url')
    ask(url, 'CREATE TABLE public.kept AS SELECT 1 AS n', 'SELECT 1')
    joiner = launch(data_dir)
    joiner.output('report', 'Joined')
    owner.end()
    joiner.output('report', 'runs again')
    assert ask(url, 'SELECT count(*) FROM kept') == 1
    joiner.end()
    until(lambda: not servers(data_dir))


def test_a_start_survives_an_owner_that_dies_before_its_server_answers(
    data_dir: Path, launch: Callable[..., Program],
) -> None:
    data_dir.mkdir()
    (data_dir / 'database.url').write_text(f'{address(data_dir / "socket", "line_monitor")}\n')   # of the last time
    with (data_dir / 'owner.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = launch(data_dir)
        program.output('report', 'Waiting')
    assert answers(program.output('url'))


@linux_only
def test_a_kill_during_the_first_start_leaves_nothing_half(data_dir: Path, launch: Callable[..., Program]) -> None:
    owner = launch(data_dir)
    until(lambda: list(data_dir.glob('.line-monitor-work-*/postgres-18/PG_VERSION')))
    owner.end()
    assert not (data_dir / 'postgres-18').exists()
    again = launch(data_dir)
    assert answers(again.output('url'))
    assert not list(data_dir.glob('.line-monitor-work-*'))


def test_any_path_will_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, 'tempdir', str(folder))   # a comma can't be in a socket's path
    postgres = EmbeddedPostgres(folder / 'Halle 7, "Süd" & \'50%\'')
    postgres.start()
    try:
        assert answers(postgres.url)
        assert subprocess.check_output(f"{postgres.psql} -XAtc 'SELECT 42'", shell=True, text=True) == '42\n'
    finally:
        postgres.stop()


@linux_only
def test_a_path_too_long_for_a_socket_falls_back_to_a_private_folder_that_stays(
    folder: Path, launch: Callable[..., Program],
) -> None:
    data_dir = folder / ('long' * 30)
    owner = launch(data_dir)
    url = owner.output('url')
    joiner = launch(data_dir)
    assert joiner.output('url') == url
    assert answers(url)
    owner.end()
    joiner.output('report', 'runs again')
    assert answers(url)
    assert database_url_of(data_dir) == url
    joiner.end()
    until(lambda: not servers(data_dir))
    assert socket_folder_of(url).stat().st_mode & 0o777 == 0o700
    shutil.rmtree(socket_folder_of(url))


def refusal(data_dir: Path) -> str:
    with pytest.raises(EmbeddedDatabaseError) as caught:
        EmbeddedPostgres(data_dir).start()
    return str(caught.value)


def test_the_files_of_another_major_are_refused(data_dir: Path) -> None:
    (data_dir / 'postgres-18').mkdir(parents=True)
    (data_dir / 'postgres-18' / 'PG_VERSION').write_text('17\n')
    assert 'written by PostgreSQL 17; this is Line Monitor' in refusal(data_dir)
    assert 'DATA_DIR' in refusal(data_dir)


@pytest.mark.parametrize('major', [17, 19])
def test_no_empty_database_takes_the_place_of_one_of_another_major(data_dir: Path, major: int) -> None:
    other = data_dir / f'postgres-{major}'
    other.mkdir(parents=True)
    (other / 'PG_VERSION').write_text(f'{major}\n')
    assert refusal(data_dir) == (
        f'{other} was written by PostgreSQL {major}; this is Line Monitor {program_version()}, which runs PostgreSQL '
        f'18: save it with the Line Monitor that runs PostgreSQL {major} (line-monitor backup) and restore it with '
        f'this one (line-monitor restore), or set DATA_DIR to another folder')
    assert not (data_dir / 'postgres-18').exists()
    with pytest.raises(EmbeddedDatabaseError, match=f'was written by PostgreSQL {major}'):
        save(settings_for(data_dir), data_dir / 'floor.zip')


def test_somebody_elses_files_are_refused_and_kept(data_dir: Path) -> None:
    (data_dir / 'postgres-18').mkdir(parents=True)
    (data_dir / 'postgres-18' / 'diary').write_text('mine')
    assert 'not a PostgreSQL cluster' in refusal(data_dir)
    assert (data_dir / 'postgres-18' / 'diary').read_text() == 'mine'


def test_a_file_in_place_of_the_folder_is_named(data_dir: Path) -> None:
    data_dir.write_text('')
    assert str(data_dir) in refusal(data_dir)
    assert 'DATA_DIR' in refusal(data_dir / 'deeper')


@pytest.mark.usefixtures('cluster')
def test_a_server_that_refuses_to_start_is_quoted(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    postgres.stop()
    with (data_dir / 'postgres-18' / 'postgresql.conf').open('a') as settings:
        settings.write('no_such_setting = 1\n')
    assert 'no_such_setting' in refusal(data_dir)
    assert not servers(data_dir)


def test_an_unreadable_address_is_named(data_dir: Path) -> None:
    data_dir.mkdir()
    assert database_url_of(data_dir) is None
    (data_dir / 'database.url').write_bytes(b'\xff\xfe')
    with pytest.raises(EmbeddedDatabaseError, match='delete it'):
        database_url_of(data_dir)


def test_a_major_that_is_not_installed_is_refused_with_those_that_are() -> None:
    with pytest.raises(EmbeddedDatabaseError, match='16, 18'):
        binaries(15)


@pytest.fixture
def ordinary(folder: Path) -> dict[str, Any]:
    """How to run a program as somebody without rights, with a Python that they may use."""
    user: dict[str, Any] = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    for python in (sys.executable, '/usr/bin/python3', '/usr/local/bin/python3'):
        with suppress(OSError):
            check = 'import sys; sys.path[:0] = sys.argv[1:]; import floor.db.embedded.server as e; e.binaries()'
            paths = [str(PROJECT), str(binaries().parents[2])]
            command = [python, '-c', check, *paths]
            if not subprocess.run(command, check=False, cwd='/', capture_output=True, **user).returncode:
                return {'python': python, **user}
    pytest.skip('an ordinary user here cannot run a Python that sees this project')


@needs_root
def test_an_ordinary_user_needs_nothing_special(
    folder: Path, launch: Callable[..., Program], ordinary: dict[str, Any],
) -> None:
    theirs = folder / 'theirs'
    theirs.mkdir(mode=0o700)
    os.chown(theirs, NOBODY, NOBODY)
    owner = launch(theirs / 'data', **ordinary)
    assert answers(owner.output('url'))
    assert (theirs / 'data').stat().st_mode & 0o777 == 0o700
    owner.end()
    until(lambda: not servers(theirs / 'data'))


def sign_in(url: str, user: str, password: str | None = None) -> str:
    """What psql prints of who it is, or of why it is not let in."""
    done = subprocess.run([binaries() / 'psql', '-XAtw', '-c', 'SELECT session_user', '-d',
                           url.replace('//postgres@', f'//{user}@')], text=True, capture_output=True, check=False,
                          env={**os.environ, **({'PGPASSWORD': password} if password else {})})
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize('major', [16, 18])
def test_only_the_owner_of_the_data_needs_no_password(data_dir: Path, major: int) -> None:
    postgres = EmbeddedPostgres(data_dir, major=major)
    postgres.start()
    try:
        url = (data_dir / 'database.url').read_text().strip()
        assert ask(url, "CREATE ROLE gateway LOGIN PASSWORD 'plc'", 'CREATE ROLE careless LOGIN',
                   'SELECT session_user') == 'postgres'
        assert sign_in(url, 'gateway', 'plc') == 'gateway'
        assert 'password authentication failed' in sign_in(url, 'gateway', 'guessed')
        assert 'no password supplied' in sign_in(url, 'gateway')
        assert 'password authentication failed' in sign_in(url, 'careless', 'anything')
    finally:
        postgres.stop()


@needs_root
@pytest.mark.usefixtures('cluster')
def test_another_user_of_the_machine_is_not_let_in_even_at_the_socket(
    data_dir: Path, launch: Callable[..., Program], ordinary: dict[str, Any],
) -> None:
    """Here they have got as far as the socket, which its folder's permissions normally prevent."""
    url = launch(data_dir).output('url')
    (data_dir / 'socket').chmod(0o755)
    (data_dir / 'socket' / '.s.PGSQL.5432').chmod(0o777)
    script = f"""
import asyncio, asyncpg
async def sign_in():
    await asyncpg.connect({url!r}, timeout=10)
try:
    asyncio.run(sign_in())
    print('let in')
except asyncpg.PostgresError as error:
    print(error)
"""
    user = {name: ordinary[name] for name in ('user', 'group', 'extra_groups')}
    packages = str(Path(asyncpg.__file__).parents[1])
    done = subprocess.run([ordinary['python'], '-c', script], text=True, capture_output=True, cwd='/', check=False,
                          env={'PYTHONPATH': packages}, **user)
    assert 'Peer authentication failed for user "postgres"' in done.stdout, done.stderr


@pytest.mark.usefixtures('cluster')
def test_a_cluster_that_trusted_everybody_trusts_nobody_after_an_upgrade(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    postgres.stop()
    (data_dir / 'postgres-18' / 'pg_hba.conf').write_text('local all all trust\n')
    postgres.start()
    try:
        ask(postgres.url, 'CREATE ROLE careless LOGIN', 'SELECT 1')
        assert 'no password supplied' in sign_in(postgres.url, 'careless')
    finally:
        postgres.stop()


@needs_root
def test_a_folder_that_cannot_be_written_is_named(
    folder: Path, launch: Callable[..., Program], ordinary: dict[str, Any],
) -> None:
    message = launch(folder / 'data', **ordinary).output('error')
    assert 'Permission denied' in message
    assert str(folder / 'data') in message


def capabilities(process: psutil.Process) -> int:
    status = Path('/proc', str(process.pid), 'status').read_text()
    return int(next(line for line in status.splitlines() if line.startswith('CapEff')).split()[1], 16)


@needs_root
@linux_only
def test_root_gives_up_everything_where_anyone_may_pass(data_dir: Path, launch: Callable[..., Program]) -> None:
    anyone: dict[str, Any] = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    if subprocess.run(['test', '-x', str(binaries() / 'postgres')], cwd='/', check=False, **anyone).returncode:
        pytest.skip('this Python environment lies where only its owner may pass; the next tests show that case')
    launch(data_dir).output('url')
    assert postmaster(data_dir).uids().real == NOBODY
    assert capabilities(postmaster(data_dir)) == 0


@cache
def installed_once() -> Path:
    """A copy of the project and the binaries."""
    copy = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    atexit.register(shutil.rmtree, copy)
    shutil.copytree(PROJECT / 'floor', copy / 'floor')
    installed = binaries().parent
    package = copy / installed.parent.name
    shutil.copytree(installed, package / installed.name, symlinks=True)
    libraries = installed.parent.with_name(f'{package.name}.libs')   # where the wheel keeps what it links to
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    (package / '__init__.py').touch()
    return copy


@pytest.fixture
def home(folder: Path) -> Path:
    """A home that only root may enter, with the project and the binaries in it."""
    home = folder / 'home'
    shutil.copytree(installed_once(), home, symlinks=True, copy_function=os.link)
    home.chmod(0o700)
    return home


@needs_root
@linux_only
@pytest.mark.parametrize('dropped, kept', [('', 1 << 2), ('-dac_read_search', 1 << 1)])
def test_root_needs_no_permission_changed_under_a_closed_home(
    home: Path, launch: Callable[..., Program], dropped: str, kept: int,
) -> None:
    """The server keeps the one capability that lets it pass; containers have only the wider one."""
    owner = launch(home / 'data', path=str(home), prefix=without(dropped))
    assert answers(owner.output('url'))
    assert postmaster(home / 'data').uids().real == NOBODY
    assert capabilities(postmaster(home / 'data')) == kept
    assert home.stat().st_mode & 0o777 == 0o700
    owner.end()
    until(lambda: not servers(home / 'data'))


@needs_root
@linux_only
def test_root_without_a_way_in_learns_what_to_do(home: Path, launch: Callable[..., Program]) -> None:
    owner = launch(home / 'data', path=str(home), prefix=without('-dac_read_search,-dac_override'))
    assert 'DATABASE_URL' in owner.output('error', 'cannot reach')


def without(dropped: str) -> tuple[str, ...]:
    if dropped and not shutil.which('setpriv'):
        pytest.skip('needs setpriv, to leave capabilities out')
    return ('setpriv', f'--bounding-set={dropped}') if dropped else ()


@needs_root
def test_a_user_without_a_name_learns_what_to_do(data_dir: Path) -> None:
    """A container that is run as a number; PostgreSQL runs as the owner of its folder."""
    data_dir.mkdir(mode=0o711)
    (data_dir / 'postgres-18').mkdir()
    os.chown(data_dir / 'postgres-18', 123_456, 0)
    with pytest.raises(EmbeddedDatabaseError, match=r'^User 123456 has no name on this system.* to /etc/passwd'):
        EmbeddedPostgres(data_dir).start()


WITHOUT_LOCKS = """
import fcntl
from floor.db.embedded import cluster, owner_beat
fcntl.flock = lambda *_: None
owner_beat.PATIENCE_S = float(sys.argv[2])
if 'no socket' in sys.argv:   # as from another machine
    cluster.listens = lambda path: False
"""
"""What a network disk or a container's volume is to the program: a lock that everybody gets."""
EVERYBODY_ELSE_IS_OUT_OF_SIGHT = ('unshare', '--pid', '--ipc', '--fork', '--mount-proc')


@linux_only
@pytest.mark.parametrize('way', ['same numbers', 'its socket', 'its beat'])
@pytest.mark.usefixtures('cluster')
def test_there_is_never_a_second_server_where_locks_do_not_hold(
        launch: Callable[..., Program], data_dir: Path, way: str) -> None:
    owner = launch(data_dir)
    url = owner.output('url')
    ask(url, 'CREATE TABLE kept (id int)', 'INSERT INTO kept VALUES (1)', 'SELECT 1')
    first, written = postmaster(data_dir), (data_dir / 'postgres-18' / 'postmaster.pid').read_bytes()
    if way == 'its socket':
        (data_dir / 'owner.beat').unlink()   # as of a program that has none
        owner.process.send_signal(signal.SIGSTOP)
    prefix = () if way == 'same numbers' else elsewhere()
    second = launch(data_dir, prefix=prefix, before=WITHOUT_LOCKS,
                    arguments=('60', *(['no socket'] if way == 'its beat' else [])))
    answer = 'Another PostgreSQL' if way == 'its socket' else 'Another process serves'
    assert answer in second.output('error')
    assert 'set DATA_DIR to another folder' in second.output('error')
    owner.process.send_signal(signal.SIGCONT)
    assert postmaster(data_dir) == first, 'nobody ended it'
    assert (data_dir / 'postgres-18' / 'postmaster.pid').read_bytes() == written
    assert ask(url, 'SELECT count(*) FROM kept') == 1


@linux_only
@pytest.mark.usefixtures('cluster')
def test_an_owner_that_died_out_of_sight_is_followed_when_it_was_still_for_long_enough(
        launch: Callable[..., Program], data_dir: Path) -> None:
    gone = launch(data_dir, prefix=elsewhere())
    url = gone.output('url')
    ask(url, 'CREATE TABLE kept (id int)', 'SELECT 1')
    for process in psutil.Process(gone.process.pid).children():
        process.kill()
    gone.end()
    until(lambda: not servers(data_dir))
    assert (data_dir / 'owner.beat').exists()
    follower = launch(data_dir, before=WITHOUT_LOCKS, arguments=('3',))
    assert 'Waiting 3 s to see whether' in follower.output('report', 'Waiting 3 s')
    assert follower.output('is_owner')
    assert ask(url, 'SELECT count(*) FROM kept') == 0


def elsewhere() -> tuple[str, ...]:
    """What starts a program among process its own numbers, as a container does."""
    if subprocess.run([*EVERYBODY_ELSE_IS_OUT_OF_SIGHT, 'true'], capture_output=True, check=False).returncode:
        pytest.skip('needs the right to make namespaces')
    return EVERYBODY_ELSE_IS_OUT_OF_SIGHT
