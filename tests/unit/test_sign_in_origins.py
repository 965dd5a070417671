"""Which sign-ins may happen in a hidden frame: the workspace's on Databricks Apps, and those that are named."""

import pytest

from floor.core.errors import SettingsError
from floor.core.settings import Settings
from floor.web.middleware.sign_in import sign_in_origins

ON_APPS = {'DATABRICKS_APP_NAME': 'line-monitor', 'DATABRICKS_HOST': 'adb-1.azuredatabricks.example'}
SSO = 'https://sso.example.com:8443'


def test_on_databricks_apps_it_is_the_workspace() -> None:
    assert sign_in_origins(Settings.load(_env_file=None), ON_APPS) == ('https://adb-1.azuredatabricks.example',)


def test_elsewhere_none_unless_it_is_named() -> None:
    elsewhere = {'DATABRICKS_HOST': ON_APPS['DATABRICKS_HOST']}
    assert sign_in_origins(Settings.load(_env_file=None), elsewhere) == ()
    assert sign_in_origins(Settings.load(_env_file=None, sign_in_origins=SSO), elsewhere) == (SSO,)
    assert sign_in_origins(Settings.load(_env_file=None, sign_in_origins=SSO), ON_APPS)[1:] == (SSO,)


def test_a_host_that_would_end_the_directive_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r'^DATABRICKS_HOST=.* cannot be used'):
        sign_in_origins(Settings.load(_env_file=None), ON_APPS | {'DATABRICKS_HOST': 'a.example; script-src *'})
