"""Which dashboard is shown: built from what Databricks Apps says, or as somebody has set it; https only."""

from __future__ import annotations

import pytest

from floor.analytics.dashboard_link import DashboardLink, dashboard_link, link_of_address, link_of_id
from floor.core.errors import SettingsError
from floor.core.settings import Settings

ID = '01f0c3a4b5d61e8f9a0b1c2d3e4f5a6b'
HOST = 'adb-1234567890.7.cloud.example.com'
ENVIRONMENT = {'DATABRICKS_HOST': HOST, 'DATABRICKS_WORKSPACE_ID': '1234567890'}
EMBED = f'https://{HOST}/embed/dashboardsv3/{ID}?o=1234567890'
OPEN = f'https://{HOST}/dashboardsv3/{ID}/published?o=1234567890'


def settings(**given: str) -> Settings:
    return Settings.load(_env_file=None, **{'dashboard_embed_url': None, 'dashboard_id': None, **given})


def test_on_databricks_apps_the_id_is_enough() -> None:
    assert dashboard_link(settings(dashboard_id=ID), ENVIRONMENT) == DashboardLink(EMBED, OPEN)


@pytest.mark.parametrize('host', [HOST, f'https://{HOST}', f'https://{HOST}/', f'HTTPS://{HOST.upper()}:443'])
def test_the_host_may_be_given_in_any_form(host: str) -> None:
    assert link_of_id(ID, host, '1234567890').embed_url == EMBED


def test_without_a_workspace_id_the_host_alone_says_which() -> None:
    assert link_of_id(ID, HOST) == DashboardLink(EMBED.partition('?')[0], OPEN.partition('?')[0])


def test_an_address_that_somebody_set_wins() -> None:
    other = EMBED.replace(HOST, 'other.example.com')
    assert dashboard_link(settings(dashboard_id=ID, dashboard_embed_url=other), ENVIRONMENT) == \
        DashboardLink(other, OPEN.replace(HOST, 'other.example.com'))


def test_an_address_of_another_form_is_embedded_and_opened_as_it_is() -> None:
    assert link_of_address('https://bi.example.com/floor?x=1') == \
        DashboardLink('https://bi.example.com/floor?x=1', 'https://bi.example.com/floor?x=1')


def test_where_nothing_names_one_there_is_none() -> None:
    assert dashboard_link(settings(), ENVIRONMENT) is None


def test_only_its_host_has_to_be_allowed() -> None:
    assert link_of_id(ID, HOST).origin == link_of_address(EMBED).origin == f'https://{HOST}'


@pytest.mark.parametrize('address', [
    'http://plant.example.com/embed', 'https://user:hunter2@plant.example.com/', 'https://plant.example.com:8443/',
    'https:///embed', 'https://plant/', 'https://[::1]/', 'https://192.168.0.1/', 'https://a..example.com/',
    "https://plant.example.com; script-src 'unsafe-inline'/", 'https://plant.example.com *.evil.example/',
    'https://[plant/', 'https://plant.example.com:port/', 'javascript:alert(1)', 'https://-plant.example.com/',
    'https://plant.example.com/\u202eembed', 'https://plant.example.com/a b',
])
def test_what_cannot_be_embedded_safely_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(SettingsError, match=r'^DASHBOARD_EMBED_URL.* cannot be used: it ') as refused:
        link_of_address(address)
    assert 'hunter2' not in str(refused.value)
    assert '\n' not in str(refused.value)


@pytest.mark.parametrize(('environment', 'variable'), [
    ({}, 'DATABRICKS_HOST'),
    ({'DATABRICKS_HOST': 'http://plant.example.com'}, 'DATABRICKS_HOST'),
    ({'DATABRICKS_HOST': HOST, 'DATABRICKS_WORKSPACE_ID': "1' onload='x"}, 'DATABRICKS_WORKSPACE_ID'),
])
def test_a_workspace_that_is_not_named_is_reported(environment: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError, match=f'^{variable}='):
        dashboard_link(settings(dashboard_id=ID), environment)


@pytest.mark.parametrize('variable', ['dashboard_embed_url', 'dashboard_id'])
def test_a_placeholder_counts_as_not_set_and_a_warning_says_so(variable: str, caplog: pytest.LogCaptureFixture) -> None:
    """An app.yaml that was copied from an example, and is started before there is a dashboard."""
    assert dashboard_link(settings(**{variable: '<your-dashboard-embed-url>'}), ENVIRONMENT) is None
    [warning] = caplog.messages
    assert warning.startswith(f'{variable.upper()}=<your-dashboard-embed-url> is a placeholder')


def test_what_is_set_beside_a_placeholder_counts() -> None:
    both = settings(dashboard_embed_url='<your-dashboard-embed-url>', dashboard_id=ID)
    assert dashboard_link(both, ENVIRONMENT) == DashboardLink(EMBED, OPEN)
