"""databricks.yml and app.yaml: what refers to something finds it, and nothing in them belongs to one workspace only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from floor.core.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'databricks.yml').read_text()
BUNDLE = yaml.safe_load(TEXT)
APP_YAML = yaml.safe_load((ROOT / 'app.yaml').read_text())
TARGETS = list(BUNDLE['targets'])
DEVELOPER = {'workspace.current_user.userName': 'jane.doe@example.com', 'workspace.current_user.short_name': 'jane_doe',
             'workspace.current_user.domain_friendly_name': 'jane-doe'}
"""Who deploys, in the forms that the CLI has of an e-mail address."""
KNOWN_BY_THE_CLI = {'bundle.name', 'bundle.target', *DEVELOPER}
OF_AN_EXISTING_DATABASE = {'deployment_folder': '/Workspace/Users/5f6e', 'catalog': 'plant_7',
                           'lakebase_branch': 'projects/plant-7/branches/production',
                           'lakebase_database': 'databricks-postgres'}
"""What only the owner of a workspace knows."""
MAX_APP_NAME = 30
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


def variables_of(target: str) -> dict[str, str]:
    """The value of each variable that has one in a target, for DEVELOPER."""
    values = {name: variable['default'] for name, variable in BUNDLE['variables'].items() if 'default' in variable}
    values |= BUNDLE['targets'][target].get('variables', {})
    known = {f'${{{name}}}': value for name, value in DEVELOPER.items()}
    while any('${' in value for value in values.values()):
        known |= {f'${{var.{name}}}': value for name, value in values.items() if '${' not in value}
        for reference, value in known.items():
            values = {name: text.replace(reference, value) for name, text in values.items()}
    return values


def keys_of(target: str) -> list[str]:
    """Of all resources and scripts, of whatever kind."""
    scripts = merged(BUNDLE.get('scripts'), BUNDLE['targets'][target].get('scripts')) or {}
    return [key for resources in resources_of(target).values() for key in resources] + list(scripts)


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


@pytest.mark.parametrize('target', TARGETS)
def test_no_two_resources_have_one_key(target: str) -> None:
    """`bundle run KEY` takes a key without its kind, so the CLI refuses two, of whatever kinds; the schema does not."""
    keys = keys_of(target)
    assert len(keys) == len(set(keys))


def test_every_variable_is_used_described_and_has_a_value_in_every_target_that_can_know_it() -> None:
    for name, variable in BUNDLE['variables'].items():
        assert f'${{var.{name}}}' in TEXT
        assert variable['description']
    everything = set(BUNDLE['variables']) - {'warehouse_id'}
    assert BUNDLE['variables']['warehouse_id']['lookup'] == {'warehouse': '${var.warehouse}'}, \
        'the CLI prefers a lookup to variable-overrides.json, so the name has to be its own variable'
    assert set(variables_of('dev')) == everything
    assert everything - set(variables_of('prod')) == {'deployment_folder'}
    assert everything - set(variables_of('existing')) == set(OF_AN_EXISTING_DATABASE), "a guess may be somebody else's"


@pytest.mark.parametrize('target', TARGETS)
def test_one_command_is_enough(target: str) -> None:
    """`bundle run` reads the variables again and forgets what --var gave to `bundle deploy`."""
    assert app_of(target)['lifecycle'] == {'started': True}


@pytest.mark.parametrize('target', ['prod', 'existing'])
def test_everyone_deploys_to_the_same_folder_which_is_not_everybodys(target: str) -> None:
    folder = BUNDLE['targets'][target]['workspace']['root_path']
    assert folder.startswith('${var.deployment_folder}/')
    assert 'current_user' not in folder + str(variables_of(target))
    assert '/Workspace/Shared' not in TEXT


def test_data_is_deleted_with_a_developers_copy_only() -> None:
    [copy] = resources_of('dev')['postgres_projects'].values()
    assert copy['purge_on_delete'] is True
    assert 'prevent_destroy' not in str(resources_of('dev'))

    [project] = resources_of('prod')['postgres_projects'].values()
    [branch] = resources_of('prod')['postgres_branches'].values()
    assert not project['purge_on_delete']
    assert project['lifecycle'] == branch['lifecycle'] == {'prevent_destroy': True}
    assert branch['is_protected'] is branch['replace_existing'] is True
    assert branch['branch_id'] == 'production'

    assert not any(kind.startswith('postgres_') for kind in resources_of('existing'))


@pytest.mark.parametrize('target', ['dev', 'prod'])
def test_the_settings_of_the_compute_take_effect_later_too(target: str) -> None:
    """Those of the project count only when it is made, together with its endpoint."""
    [project] = resources_of(target)['postgres_projects'].values()
    [endpoint] = resources_of(target)['postgres_endpoints'].values()
    settings = project['default_endpoint_settings']
    assert settings['no_suspension'] is True, 'a database that sleeps sends no notifications'
    assert {name: endpoint[name] for name in settings} == settings
    assert endpoint['replace_existing'] is True
    assert endpoint['endpoint_id'] == 'primary'


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


@pytest.mark.parametrize('target', TARGETS)
def test_values_that_are_written_out_are_values_that_the_app_takes(
        target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f'${{var.{name}}}': value for name, value in variables_of(target).items()}
    for name, entry in environment_of(target).items():
        value = entry.get('value', '')
        if not value.startswith('${resources.') and 'value' in entry:
            monkeypatch.setenv(name, known.get(value, value))
            assert known.get(value, value), 'the CLI drops an empty value, and leaves a name without one'
    assert Settings.load().default_postgres_schema == 'manufacturing_line'


def test_app_yaml_says_the_same_as_the_bundle() -> None:
    """Except for the dashboard, whose id only the bundle knows."""
    bundle = environment_of('prod')
    defaults = {f'${{var.{name}}}': value for name, value in variables_of('prod').items()}
    configured = {entry['name']: entry.get('value', entry.get('valueFrom')) for entry in APP_YAML['env']}
    assert configured == {name: defaults.get(entry.get('value'), entry.get('value', entry.get('value_from')))
                          for name, entry in bundle.items() if name != 'DASHBOARD_ID'}
    assert APP_YAML['command'] == app_of('prod')['config']['command']


@pytest.mark.parametrize('target', TARGETS)
def test_files_that_are_named_are_there(target: str) -> None:
    _python, script = app_of(target)['config']['command']
    [dashboard] = resources_of(target)['dashboards'].values()
    for name in (app_of(target)['source_code_path'], script, dashboard['file_path']):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize('pattern', BUNDLE['sync']['exclude'])
def test_what_is_not_uploaded_is_there_and_not_needed(pattern: str) -> None:
    """A pattern that matches nothing is a warning, and so an error with --strict."""
    matched = {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}
    assert matched
    assert not [name for name in matched if name.startswith(('auth', 'floor', 'simulator', 'sql', 'main.py', 'app.yaml',
                                                             'requirements.txt', 'assets/line_monitor.lvdash.json'))]


def test_what_the_app_needs_is_uploaded() -> None:
    """By name: a pattern that is added can keep none of it back, nor can .gitignore, which the CLI obeys."""
    assert set(BUNDLE['sync']) == {'exclude'}
    assert BUNDLE['sync']['exclude'] == ['.ci/**', 'tests/**', 'assets/pictures/**']
    ignored = [line.strip('/') for line in (ROOT / '.gitignore').read_text().split()]
    needed = ['main.py', 'requirements.txt', 'app.yaml', 'auth', 'floor', 'simulator', 'sql', 'assets']
    assert [name for name in needed if name in ignored or not (ROOT / name).exists()] == []


@pytest.mark.parametrize('target', TARGETS)
def test_everybody_may_use_and_read_and_nobody_is_given_more(target: str) -> None:
    """Who deploys owns it all. Rights in the plant come from roles, not from Databricks."""
    granted = {(kind, key): resource['permissions'] for kind, of_kind in resources_of(target).items()
               for key, resource in of_kind.items() if 'permissions' in resource}
    assert granted == {('apps', 'line_monitor'): [{'level': 'CAN_USE', 'group_name': 'users'}],
                       ('dashboards', 'floor_figures'): [{'level': 'CAN_READ', 'group_name': 'users'}]}
    assert {key for key in texts([BUNDLE]) if key in {'permissions', 'grants', 'run_as'}} == {'permissions'}
    assert 'permissions' not in BUNDLE
    assert 'permissions' not in BUNDLE['targets'][target]
    assert resources_of(target)['dashboards']['floor_figures']['embed_credentials'] is True, 'readers need no warehouse'
    assert 'user_api_scopes' not in app_of(target), 'the app acts as itself'


def test_who_is_unknown_may_look_where_it_is_no_developers_copy() -> None:
    found = {target: (BUNDLE['targets'][target]['mode'], variables_of(target)['default_role']) for target in TARGETS}
    assert found == {
        'dev': ('development', 'supervisor'), 'prod': ('production', 'viewer'), 'existing': ('production', 'viewer')}


@pytest.mark.parametrize('target', TARGETS)
def test_each_target_has_one_database_with_its_catalog(target: str) -> None:
    [resource] = app_of(target)['resources']
    assert set(resource) == {'name', 'description', 'postgres'}
    assert resource['postgres']['permission'] == 'CAN_CONNECT_AND_CREATE'
    assert environment_of(target)['LAKEBASE_ENDPOINT']['value_from'] == resource['name']
    branch, database = resource['postgres']['branch'], resource['postgres']['database']
    assert database.startswith(f'{branch}/databases/')
    [dashboard] = resources_of(target)['dashboards'].values()
    assert dashboard['dataset_catalog']
    assert dashboard['dataset_schema'] == environment_of(target)['DEFAULT_POSTGRES_SCHEMA']['value']
    for catalog in resources_of(target).get('postgres_catalogs', {}).values():
        assert catalog['branch'] == branch
        assert database.endswith('/databricks-postgres'), 'the one whose changes can be fed to Unity Catalog'
        assert catalog['postgres_database'] == 'databricks_postgres'


def test_no_two_targets_share_what_has_one_name() -> None:
    apps = [variables_of(target)['name'] for target in TARGETS]
    assert len(set(apps)) == len(TARGETS)
    assert variables_of('dev')['catalog'] != variables_of('prod')['catalog']
    for name in ('name', 'catalog'):
        own = BUNDLE['targets']['dev']['variables'][name]
        assert re.search(r'\$\{workspace\.current_user\.\w+\}$', own), 'two developers deploy to one workspace'


@pytest.mark.parametrize('target', TARGETS)
def test_the_names_are_such_as_databricks_takes(target: str) -> None:
    values = variables_of(target) | ({} if target == 'dev' else OF_AN_EXISTING_DATABASE)
    assert re.fullmatch('[a-z][a-z0-9-]*', values['name'])
    assert len(values['name']) <= MAX_APP_NAME
    assert re.fullmatch('[a-z_][a-z0-9_]*', values['catalog']), 'a hyphen would have to be quoted in every query'


def test_a_developers_name_of_twenty_characters_fits() -> None:
    name: str = BUNDLE['targets']['dev']['variables']['name']
    assert len(re.sub(r'\$\{[^}]*\}', '', name)) + 20 <= MAX_APP_NAME


def test_the_settings_that_prod_shows_are_settings_of_the_app_and_go_beside_the_others() -> None:
    """What is there as a comment, without the comment's sign."""
    shown = yaml.safe_load(re.sub(r'^( *)# (config:|  env:|    - )', r'\1\2', TEXT, flags=re.MULTILINE))
    app = merged(BUNDLE['resources'], shown['targets']['prod']['resources'])['apps']['line_monitor']
    names = {entry['name'] for entry in app['config']['env']}
    assert names == set(environment_of('prod')) | {'ROLES', 'FEED_WRITERS'}
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert app['resources'] == app_of('prod')['resources']


def test_only_a_developers_copy_is_a_demo() -> None:
    assert {target: variables_of(target)['new_floor'] for target in TARGETS} == {
        'dev': 'demo', 'prod': 'empty', 'existing': 'empty'}


def test_the_dashboard_is_refreshed_every_hour_if_wanted() -> None:
    [job] = resources_of('prod')['jobs'].values()
    [task] = job['tasks']
    assert task['dashboard_task']['dashboard_id'] == '${resources.dashboards.floor_figures.id}'
    assert job['schedule']['quartz_cron_expression'].endswith(' * * * ?')
    assert job['schedule']['pause_status'] == '${var.dashboard_refresh}'
    assert variables_of('prod')['dashboard_refresh'] == 'PAUSED'


@pytest.mark.parametrize('file', ['databricks.yml', 'app.yaml'])
def test_nothing_of_one_workspace_and_no_secret_is_in_them(file: str) -> None:
    text = (ROOT / file).read_text()
    assert re.findall(r'https?://|databricks\.com|azuredatabricks|\bdapi[0-9a-f]|\bdose[0-9a-f]', text) == []
    assert re.findall(r'(?i)(password|secret|token)\s*:', text) == []
    assert re.findall(r'<[a-z-]+>|\bTODO\b|\bxxx+\b|your-', text) == []
