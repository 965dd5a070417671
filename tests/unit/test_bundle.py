"""databricks.yml and app.yaml: what refers to something finds it, and nothing in them belongs to one workspace only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from floor.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'databricks.yml').read_text()
BUNDLE = yaml.safe_load(TEXT)
APP_YAML = yaml.safe_load((ROOT / 'app.yaml').read_text())
TARGETS = list(BUNDLE['targets'])
KNOWN_BY_THE_CLI = {'bundle.name', 'bundle.target', 'workspace.current_user.userName'}
COMPUTED = {'id'}
"""Fields of a resource that Databricks fills in."""


def merged(base: Any, more: Any) -> Any:
    """As the Databricks CLI merges a target into the bundle: maps by key, lists one after the other."""
    if isinstance(base, dict) and isinstance(more, dict):
        return {key: merged(base.get(key), more.get(key)) for key in base | more}
    if isinstance(base, list) and isinstance(more, list):
        return base + more
    return base if more is None else more


def resources_of(target: str) -> dict[str, Any]:
    resources = merged(BUNDLE['resources'], BUNDLE['targets'][target].get('resources'))
    assert isinstance(resources, dict)
    return resources


def app_of(target: str) -> dict[str, Any]:
    [app] = resources_of(target)['apps'].values()
    assert isinstance(app, dict)
    return app


def environment_of(target: str) -> dict[str, dict[str, str]]:
    return {entry['name']: entry for entry in app_of(target)['config']['env']}


def texts(thing: Any) -> Iterator[str]:
    """Every text in a tree, keys too."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield key
            yield from texts(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from texts(value)
    elif isinstance(thing, str):
        yield thing


@pytest.mark.parametrize('target', TARGETS)
def test_every_reference_finds_something(target: str) -> None:
    resources = resources_of(target)
    used = re.findall(r'\$\{([^}]*)\}', '\n'.join(texts([resources, BUNDLE['targets'][target]])))
    assert used
    for reference in used:
        match reference.split('.'):
            case ['var', name]:
                assert name in BUNDLE['variables']
            case ['resources', kind, name, field]:
                assert field in COMPUTED or field in resources[kind][name], reference
            case _:
                assert reference in KNOWN_BY_THE_CLI


def test_every_variable_is_used_described_and_has_a_default() -> None:
    for name, variable in BUNDLE['variables'].items():
        assert f'${{var.{name}}}' in TEXT
        assert variable['description']
        assert 'default' in variable or 'lookup' in variable
    for target in BUNDLE['targets'].values():
        assert set(target.get('variables', {})) <= set(BUNDLE['variables'])


@pytest.mark.parametrize('target', TARGETS)
def test_what_the_app_is_given_are_settings_of_it(target: str) -> None:
    entries = app_of(target)['config']['env']
    names = [entry['name'] for entry in entries]
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert len(names) == len(set(names))
    given = {resource['name'] for resource in app_of(target)['resources']}
    for entry in entries:
        assert set(entry) in ({'name', 'value'}, {'name', 'value_from'})
        assert isinstance(entry.get('value', ''), str), 'Databricks takes text only'
        assert entry.get('value_from') in given | {None}


def test_values_that_are_written_out_are_values_that_the_app_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {f'${{var.{name}}}': variable.get('default') for name, variable in BUNDLE['variables'].items()}
    for target in TARGETS:
        for name, entry in environment_of(target).items():
            value = entry.get('value', '')
            if not value.startswith('${resources.') and 'value' in entry:
                monkeypatch.setenv(name, str(defaults.get(value, value)))
    assert Settings.load().default_postgres_schema == 'manufacturing_line'


def test_app_yaml_says_the_same_as_the_bundle() -> None:
    """Except for the dashboard, whose id only the bundle knows."""
    bundle = environment_of('prod')
    defaults = {f'${{var.{name}}}': variable.get('default') for name, variable in BUNDLE['variables'].items()}
    said = {entry['name']: entry.get('value', entry.get('valueFrom')) for entry in APP_YAML['env']}
    assert said == {name: defaults.get(entry.get('value'), entry.get('value', entry.get('value_from')))
                    for name, entry in bundle.items() if name != 'DASHBOARD_ID'}
    assert APP_YAML['command'] == app_of('prod')['config']['command']


@pytest.mark.parametrize('target', TARGETS)
def test_files_that_are_named_are_there(target: str) -> None:
    _python, script = app_of(target)['config']['command']
    [dashboard] = resources_of(target)['dashboards'].values()
    for name in (app_of(target)['source_code_path'], script, dashboard['file_path']):
        assert (ROOT / name).exists(), name
    for pattern in BUNDLE['sync']['exclude']:
        assert not any((ROOT / name).match(pattern) for name in (script, 'requirements.txt', 'app.yaml'))


@pytest.mark.parametrize('target', TARGETS)
def test_each_target_has_one_database_with_its_catalog(target: str) -> None:
    [resource] = app_of(target)['resources']
    names = set(environment_of(target))
    if target == 'existing':
        assert 'database' in resource
        assert names >= {'LAKEBASE_INSTANCE_NAME', 'LAKEBASE_DATABASE_NAME'}
        assert not any(kind.startswith(('postgres_', 'database_')) for kind in resources_of(target))
    else:
        assert resource['postgres']['permission'] == 'CAN_CONNECT_AND_CREATE'
        assert environment_of(target)['LAKEBASE_ENDPOINT']['value_from'] == resource['name']
        [project] = resources_of(target)['postgres_projects'].values()
        assert project['default_endpoint_settings']['no_suspension'] is True, 'a database that sleeps announces nothing'
    [dashboard] = resources_of(target)['dashboards'].values()
    assert dashboard['dataset_catalog']
    assert dashboard['dataset_schema'] == environment_of(target)['DEFAULT_POSTGRES_SCHEMA']['value']


def test_dev_and_prod_share_nothing_that_has_one_name_per_workspace() -> None:
    development = BUNDLE['targets']['dev']['variables']
    for name in ('name', 'catalog'):
        assert development[name] != BUNDLE['variables'][name]['default']


def test_the_names_are_such_as_databricks_takes() -> None:
    for variables in (BUNDLE['targets']['dev']['variables'],
                      {name: variable.get('default') for name, variable in BUNDLE['variables'].items()}):
        assert re.fullmatch('[a-z][a-z0-9-]{1,29}', variables['name'])
        assert re.fullmatch('[a-z_][a-z0-9_]*', variables['catalog']), 'a hyphen would have to be quoted in every query'


@pytest.mark.parametrize('file', ['databricks.yml', 'app.yaml'])
def test_nothing_of_one_workspace_and_no_secret_is_in_them(file: str) -> None:
    text = (ROOT / file).read_text()
    assert re.findall(r'https?://|databricks\.com|azuredatabricks|\bdapi[0-9a-f]|\bdose[0-9a-f]', text) == []
    assert re.findall(r'(?i)(password|secret|token)\s*:', text) == []
    assert re.findall(r'<[a-z-]+>|\bTODO\b|\bxxx+\b|your-', text) == []
