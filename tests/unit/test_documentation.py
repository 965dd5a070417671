"""What the Markdown files say of this repository is true: links, paths, commands, settings, tables of limits."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from settings_table import TABLES, with_table

from auth.lakebase import FIRST_BACKOFF_S, MAX_BACKOFF_S, RENEWED_AFTER
from floor.core.settings import Settings
from floor.feed.timing import Timing
from floor.orders.order_attachments import MAX_ATTACHMENTS
from floor.orders.order_filter import SortKey
from floor.orders.picture_process import MAX_JPEG_PIXELS, MAX_PIXELS, MAX_THUMBNAIL_BYTES, MEMORY_BYTES
from floor.orders.work_order_files import MAX_FILE_BYTES
from floor.web.floor_view.wall_screen import MAX_TURN_S, MIN_TURN_S
from floor.web.http.downloads import AT_ONCE, MAX_DURATION_S
from floor.web.live.ping_times import PING_EVERY_S, PING_TIMEOUT_S
from floor.web.live.socket_fanout import MAX_WAITING
from floor.web.middleware.request_limits import MAX_BODY_BYTES, MESSAGES_PER_S
from floor.web.middleware.slow_peers import SlowPeerProtocol
from floor.web.orders.board import MAX_CARDS
from floor.web.shell.session import REFRESH_EVERY_S, RETRY_EVERY_S

ROOT = Path(__file__).parents[2]
FOLDERS = ('assets', 'auth', 'deploy', 'floor', 'simulator', 'sql', 'tests')
FILES = sorted({*ROOT.glob('*.md'), *(path for folder in FOLDERS for path in (ROOT / folder).rglob('*.md'))}
               - {ROOT / 'CHANGELOG.md'})
"""All of them but the history, which names what was."""
CREATED = {'.data/database.url', 'gateway.yaml', '.databricks/bundle/TARGET/variable-overrides.json',
           '.databricks/bundle/existing/variable-overrides.json'}
"""Files that the program or a person makes."""
NOT_SETTINGS = {'DATABRICKS_APP_NAME', 'DATABRICKS_APP_PORT', 'DATABRICKS_HOST', 'REQUIRE_BROWSER', 'TARGET',
                'OTHER_DATABASE_URL', 'CAN_USE', 'NAME', 'DATABASE', 'LOGIN'}
TIERS = ('unit', 'simulation', 'programs', 'gateway', 'database', 'ui', 'browser', 'faults')
NAMES_OF_OTHERS = {'line_monitor_dev_jane_doe', 'create_role', 'enable_pg_native_login'}
PATH = re.compile(rf'(?<![\w./-])(?:(?:{"|".join((*FOLDERS, *TIERS, "[.]ci"))})(?:/[\w.-]*\w)+|'
                  r'\w[\w.-]*\.(?:py|sql|md|css|yaml|yml|toml|txt))(?![\w/])')
MODULE = re.compile(r'(?<![\w/])(?:floor|simulator|auth)(?:\.(?!example)[a-z_]+)+\b(?!\()')
PARAGRAPH = re.compile(r'`([^`\n]+)`')
FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def prose(file: Path) -> str:
    """The text without its code blocks."""
    return FENCE.sub('', file.read_text())


def code(file: Path) -> Iterator[str]:
    """Each line of a shell block, and what stands between backticks."""
    for language, block in FENCE.findall(file.read_text()):
        if language == 'bash':
            yield from block.replace('\\\n', ' ').splitlines()
    yield from PARAGRAPH.findall(prose(file))


def anchors(file: Path) -> set[str]:
    """The fragments of its headings, as GitHub makes them."""
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
            for heading in re.findall(r'^#+ (.+)$', FENCE.sub('', file.read_text()), re.MULTILINE)}


@cache
def sources() -> str:
    """The text of all Python modules."""
    return '\n'.join(path.read_text() for folder in (*FOLDERS, '.') for path in (ROOT / folder).glob(
        '*.py' if folder == '.' else '**/*.py'))


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    assert [problem for file in FILES for problem in broken_links(file)] == []


def broken_links(file: Path) -> Iterator[str]:
    """Targets of links that are not there."""
    for target in re.findall(r'\]\(([^)\s]+)\)', prose(file)):
        if target.startswith('https://'):
            continue
        path, _, fragment = target.partition('#')
        linked = (file.parent / path).resolve() if path else file
        if not linked.exists() or (fragment and fragment not in anchors(linked)):
            yield f'{file.relative_to(ROOT)}: {target}'


def test_every_path_and_module_is_there() -> None:
    assert [problem for file in FILES for problem in missing_paths(file)] == []


def missing_paths(file: Path) -> Iterator[str]:
    """What is neither below the repository nor beside the file. SECURITY.md names tests below tests/."""
    drawings = [block for language, block in FENCE.findall(file.read_text()) if not language]
    below = (ROOT, file.parent, *([ROOT / 'tests'] if file.name == 'SECURITY.md' else []))
    for text in (*PARAGRAPH.findall(prose(file)), *drawings):
        for name in set(PATH.findall(text)) - CREATED:
            if not any((folder / name).exists() for folder in below):
                yield f'{file.relative_to(ROOT)}: {name}'
        for module in MODULE.findall(text):
            if not is_module(module):
                yield f'{file.relative_to(ROOT)}: {module}'


def is_module(name: str) -> bool:
    """Whether it can be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def test_every_command_has_its_program_its_files_and_its_options() -> None:
    commands = [(str(file.relative_to(ROOT)), command.strip()) for file in FILES for line in code(file)
                for command in re.split(r'&&|;|\|', line.split('   #')[0])]
    assert len(commands) > 50
    assert [(file, command) for file, command in commands if not is_command(command)] == []


def is_command(command: str) -> bool:
    """Whether what it starts, and what it names of this project, is there. Programs of others are not looked at."""
    balanced = command.count('"') % 2 == 0 and command.count("'") % 2 == 0
    words = shlex.split(command, comments=True) if balanced else command.split()
    while words and (re.match(r'[A-Z_]+=', words[0]) or words[0] in {'uv', 'run', '--no-sync'}):
        words.pop(0)
    match words:
        case ['python' | 'python3', '-m', module, *options]:
            return module == 'venv' or (is_module(module) and all(map(is_option, options)))
        case ['python' | 'python3', program, *options]:
            return (ROOT / program).is_file() and all(map(is_option, options))
        case ['pytest', *arguments]:
            return all((ROOT / each).exists() for each in arguments if each.startswith('tests'))
        case ['psql', *arguments] if '-f' in arguments:
            script = ROOT / arguments[arguments.index('-f') + 1]
            text = script.read_text() if script.exists() else ''
            return all(re.search(rf'[:?]"?\'?{name}\b', text) for name in re.findall(r'-v (\w+)=', command))
        case _:
            return True


def is_option(word: str) -> bool:
    """Whether one of our programs takes it, if it is one. -max_total_time is one of libFuzzer."""
    return not word.startswith('--') or word == '--help' or f"'{word}'" in sources()


def test_every_variable_is_a_setting() -> None:
    assert {problem for file in FILES for problem in unknown_variables(file)} == set()


def unknown_variables(file: Path) -> set[str]:
    """NAME=value, and `NAME` with an underscore, that the program does not read."""
    names = {name for text in code(file) for name in re.findall(r'(?<![\w:$-])([A-Z][A-Z_]{2,}(?==)|'
                                                                r'(?:[A-Z]+_)+[A-Z]+)(?![\w.*(])', text)}
    unknown = {name for name in names - NOT_SETTINGS if name.lower() not in Settings.model_fields}
    return {name for name in unknown if f"'{name}'" not in sources() and name not in constants()}


def test_every_name_of_code_is_one_of_the_code() -> None:
    """Classes, functions, tables and columns, such as `WorkOrder` and `work_orders`."""
    known = set(re.findall(r'\w+', '\n'.join(
        path.read_text(errors='replace') for folder in FOLDERS for path in (ROOT / folder).rglob('*')
        if path.suffix in {'.py', '.sql', '.css', '.yml', '.json'}) + (ROOT / 'databricks.yml').read_text()))
    named = {(str(file.relative_to(ROOT)), name) for file in FILES for text in PARAGRAPH.findall(prose(file))
             for name in re.findall(r'\b[a-z]+(?:_[a-z]+)+\b|\b(?:[A-Z][a-z]+){2,}\b', text)}
    assert len(named) > 100
    paths = {path.stem for folder in FOLDERS for path in (ROOT / folder).rglob('*')}
    assert sorted((file, name) for file, name in named if name not in known | paths | NAMES_OF_OTHERS) == []


@cache
def constants() -> set[str]:
    """Names of Python and SQL that are written in capitals."""
    return set(re.findall(r'^\s*([A-Z][A-Z_]+)\b', sources(), re.MULTILINE))


def test_the_tables_of_settings_are_those_of_the_program() -> None:
    for file, names in TABLES.items():
        text = file.read_text()
        assert text == with_table(text, names), 'python -m tests.settings_table writes it'


def test_the_readme_is_short_and_in_order() -> None:
    text = (ROOT / 'README.md').read_text()
    assert len(text.splitlines()) <= 230
    assert re.findall(r'^## (.+)$', FENCE.sub('', text), re.MULTILINE) == [
        'Run it', 'What you see', 'Your own plant', 'Connect a feed', 'How it works', 'Pages', 'Settings', 'Deploy',
        'Operate', 'How fast', 'Security', 'Develop', 'Licence']


def test_the_glossary_is_short_and_the_folders_are_all_named() -> None:
    text = (ROOT / 'CONTRIBUTING.md').read_text()
    assert 10 < len(rows(text, '## Glossary')) <= 20
    assert {row[0].strip('`') for row in rows(text, '## Folders')} == {
        name for name in FOLDERS if any((ROOT / name).rglob('*.*')) and name not in {'__pycache__'}}


def test_the_folders_are_in_the_order_of_the_import_contracts() -> None:
    text = (ROOT / 'floor' / 'README.md').read_text()
    contracts = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['importlinter']['contracts']
    layers, web = (contract['layers'] for contract in contracts if contract['type'] == 'layers')
    assert listed(rows(text, '## Folders')) == layers
    below = rows(text.partition('`floor/web`, from the top down:')[2], '')
    assert listed(below) == [f'floor.web.{name}' for name in web]


def listed(table: list[list[str]]) -> list[str]:
    """The modules that the first column names."""
    return [name.removesuffix('.py').replace('/', '.') for row in table for name in re.findall(r'`([^`]+)`', row[0])]


def rows(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    below = text.partition(f'{heading}\n')[2]
    table = re.search(r'^\|[-|]+\|\n((?:\|.*\|\n)+)', below, re.MULTILINE)
    assert table is not None, heading
    return [[cell.strip() for cell in row.strip('|').split(' | ')] for row in table[1].splitlines()]


def test_the_variables_of_the_bundle_are_all_there() -> None:
    bundle = yaml.safe_load((ROOT / 'databricks.yml').read_text())
    table = (ROOT / 'deploy' / 'README.md').read_text().partition('| variable | dev | prod |')[2].partition('\n\n')[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r'`(\w+)`', row.split(' | ')[0])}
    assert named == {name for name, variable in bundle['variables'].items() if 'lookup' not in variable}


LIMITS = [
    ('README.md', f'table every {Settings.model_fields["listen_audit_seconds"].default} s'),
    ('README.md', f'After {Timing().stale_after:.0f} s without one'),
    ('floor/README.md', f'within {Timing().heartbeat_timeout:.0f} s'),
    ('floor/README.md', f'stale {Timing().stale_after:.0f} s after the last'),
    ('floor/README.md', f'at most {MAX_WAITING} messages waiting'),
    ('floor/README.md', f'every {PING_EVERY_S} s and may be {PING_TIMEOUT_S} s late'),
    ('floor/README.md', f'20 s each ({MIN_TURN_S:.0f} to {MAX_TURN_S:,.0f})'),
    ('floor/orders/README.md', f'{MAX_FILE_BYTES // 1024 // 1024} MiB each, {MAX_ATTACHMENTS} per order'),
    ('floor/orders/README.md', f'at most {MAX_THUMBNAIL_BYTES // 1000} kB'),
    ('floor/orders/README.md', f'more than {MAX_PIXELS // 1_000_000} million pixels'),
    ('floor/orders/README.md', f'JPEG: {MAX_JPEG_PIXELS // 1_000_000} million'),
    ('floor/orders/README.md', f'at most {MEMORY_BYTES / 1024 ** 3} GiB'),
    ('floor/orders/README.md', f'up to {MAX_CARDS} cards'),
    ('floor/web/api/README.md', f'at most {MAX_BODY_BYTES // 1_000_000} MB'),
    ('floor/web/api/README.md', f'more than {AT_ONCE} downloads'),
    ('SECURITY.md', f'bodies of {MAX_BODY_BYTES // 1_000_000} MB, files of {MAX_FILE_BYTES // 1024 // 1024} MiB, '
                    f'{MAX_ATTACHMENTS} files an order'),
    ('SECURITY.md', f'{MESSAGES_PER_S} messages a second from a socket'),
    ('SECURITY.md', f'{AT_ONCE} downloads a person'),
    ('SECURITY.md', f'{MAX_DURATION_S / 60:.0f} minutes at most'),
    ('SECURITY.md', f"{SlowPeerProtocol.head_s:.0f} s for a request's headers"),
    ('auth/README.md', f'every {REFRESH_EVERY_S // 60} minutes in a hidden frame'),
    ('auth/README.md', f'at once and every {RETRY_EVERY_S} s'),
    ('auth/README.md', f'({FIRST_BACKOFF_S:.0f} to {MAX_BACKOFF_S:.0f} s, or Retry-After)'),
    ('auth/README.md', f'renewed in the background after {RENEWED_AFTER * 60:.0f} minutes'),
]


def test_limits_are_those_of_the_program() -> None:
    assert [limit for limit in LIMITS if limit[1] not in ' '.join((ROOT / limit[0]).read_text().split())] == []


def test_the_keys_to_sort_by_are_those_of_rest() -> None:
    text = ' '.join((ROOT / 'floor' / 'web' / 'api' / 'README.md').read_text().split())
    sentence = text.partition('Sort keys are ')[2].partition(';')[0]
    assert re.findall(r'`(\w+)`', sentence) == [key.value for key in SortKey]
