"""What the Markdown files say of this repository is true: links, paths, commands, settings, tables of limits."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from settings_table import TABLES, with_table

from floor.core.settings import Settings
from floor.orders.order_filter import SortKey
from floor.orders.picture_process import MOST_PIXELS, MOST_PIXELS_OF_JPEG, MOST_THUMBNAIL_BYTES
from floor.orders.work_order_files import MOST_BYTES
from floor.web.middleware.request_limits import MOST_BYTES as MOST_BODY_BYTES

ROOT = Path(__file__).parents[2]
FOLDERS = tuple(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith('.'))
FILES = sorted({*ROOT.glob('*.md'), *(path for folder in FOLDERS for path in (ROOT / folder).rglob('*.md'))}
               - {ROOT / 'CHANGELOG.md'})
"""All of them but the history, which names what was."""
CREATED = {'.data/database.url', '.databricks/bundle/TARGET/variable-overrides.json',
           '.databricks/bundle/existing/variable-overrides.json'}
"""Files that the program or a person makes."""
NOT_SETTINGS = {'DATABRICKS_APP_NAME', 'DATABRICKS_APP_PORT', 'DATABRICKS_HOST', 'REQUIRE_BROWSER', 'TARGET',
                'OTHER_DATABASE_URL', 'CAN_USE', 'NAME', 'DATABASE', 'LOGIN'}
TIERS = ('unit', 'database', 'ui', 'browser', 'faults')
PATH = re.compile(rf'(?<![\w./-])(?:(?:{"|".join((*FOLDERS, *TIERS, "[.]ci"))})(?:/[\w.-]*\w)+|'
                  r'\w[\w.-]*\.(?:py|sql|md|css|yaml|yml|toml|txt))(?![\w/])')
MODULE = re.compile(r'(?<![\w/])(?:floor|simulator|auth)(?:\.(?!example)[a-z_]+)+\b(?!\()')
PARAGRAPH = re.compile(r'`([^`\n]+)`')
FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
each_file = pytest.mark.parametrize('file', FILES, ids=lambda file: str(file.relative_to(ROOT)))


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


@each_file
def test_every_link_leads_to_a_file_and_a_heading(file: Path) -> None:
    for target in re.findall(r'\]\(([^)\s]+)\)', prose(file)):
        if target.startswith('https://'):
            continue
        path, _, fragment = target.partition('#')
        linked = (file.parent / path).resolve() if path else file
        assert linked.exists(), f'{target} is not there'
        assert not fragment or fragment in anchors(linked), f'{target}: there is no such heading'


@each_file
def test_every_path_and_module_is_there(file: Path) -> None:
    """Below the repository, or beside the file; SECURITY.md names tests below tests/."""
    drawings = [block for language, block in FENCE.findall(file.read_text()) if not language]
    below = (ROOT, file.parent, *([ROOT / 'tests'] if file.name == 'SECURITY.md' else []))
    for text in (*PARAGRAPH.findall(prose(file)), *drawings):
        for name in set(PATH.findall(text)) - CREATED:
            assert any((folder / name).exists() for folder in below), f'{name} is not there'
        for module in MODULE.findall(text):
            assert importlib.util.find_spec(module) is not None, f'{module} is not there'


@each_file
def test_every_command_has_its_program_its_files_and_its_options(file: Path) -> None:
    for line in code(file):
        for command in re.split(r'&&|;|\|', line.split('   #')[0]):
            words = shlex.split(command.strip(), comments=True) if command.count('"') % 2 == 0 and (
                command.count("'") % 2 == 0) else command.split()
            while words and (re.match(r'[A-Z_]+=', words[0]) or words[0] in {'uv', 'run', '--no-sync'}):
                words.pop(0)
            if not words:
                continue
            program, *arguments = words
            if program in {'python', 'python3'} and arguments and arguments[0] == '-m':
                module = arguments[1]
                assert module in {'venv'} or importlib.util.find_spec(module) is not None, command
                options = arguments[2:]
            elif program in {'python', 'python3'}:
                assert not arguments or (ROOT / arguments[0]).is_file(), command
                options = arguments[1:]
            elif program == 'pytest':
                assert all((ROOT / each).exists() for each in arguments if each.startswith('tests')), command
                options = []
            elif program == 'psql' and '-f' in arguments:
                script = ROOT / arguments[arguments.index('-f') + 1]
                text = script.read_text() + ''.join(each.read_text() for each in (ROOT / 'sql').glob('*.sql'))
                for variable in re.findall(r'-v (\w+)=', command):
                    assert re.search(rf':.?\??{variable}\b', text), f'{command}: there is no variable {variable}'
                options = []
            else:
                continue
            for option in options:
                known = f"'{option}'" in sources() or not option.startswith('--') or option.startswith('-max')
                assert known or option == '--help', f'{command}: there is no option {option}'


@each_file
def test_every_variable_is_a_setting(file: Path) -> None:
    """NAME=value, or `NAME` with an underscore, is one that the program reads."""
    names = {name for text in code(file) for name in re.findall(r'(?<![\w:$-])([A-Z][A-Z_]{2,}(?==)|'
                                                               r'(?:[A-Z]+_)+[A-Z]+)(?![\w.*(])', text)}
    unknown = {name for name in names - NOT_SETTINGS if name.lower() not in Settings.model_fields}
    assert {name for name in unknown if f"'{name}'" not in sources() and name not in constants()} == set()


@cache
def constants() -> set[str]:
    """Names of Python and SQL that are written in capitals."""
    return set(re.findall(r'^\s*([A-Z][A-Z_]+)\b', sources(), re.MULTILINE))


@pytest.mark.parametrize('file', TABLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_table_of_settings_is_that_of_the_program(file: Path) -> None:
    text = file.read_text()
    assert text == with_table(text, TABLES[file]), 'python -m tests.settings_table writes it'


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


def test_the_folders_stand_in_the_order_of_the_import_contracts() -> None:
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


def test_limits_of_attachments_and_requests_are_those_of_the_program() -> None:
    orders = ' '.join((ROOT / 'floor' / 'orders' / 'README.md').read_text().split())
    assert f'{MOST_BYTES // 1024 // 1024} MiB each' in orders
    assert f'at most {MOST_THUMBNAIL_BYTES // 1000} kB' in orders
    assert f'more than {MOST_PIXELS // 1_000_000} million pixels' in orders
    assert f'JPEG: {MOST_PIXELS_OF_JPEG // 1_000_000} million' in orders
    assert f'at most {MOST_BODY_BYTES // 1_000_000} MB' in ' '.join(
        (ROOT / 'floor' / 'web' / 'api' / 'README.md').read_text().split())


def test_the_keys_to_sort_by_are_those_of_rest() -> None:
    text = ' '.join((ROOT / 'floor' / 'web' / 'api' / 'README.md').read_text().split())
    sentence = text.partition('Sort keys are ')[2].partition(';')[0]
    assert re.findall(r'`(\w+)`', sentence) == [key.value for key in SortKey]
