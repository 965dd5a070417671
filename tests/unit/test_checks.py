"""One list of what can be wrong: /diagnosis, the HELP texts and assets/alerts.yml say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.core import GaugeMetricFamily

from floor.operations import checks
from floor.operations.checks import CHECKS, Check, Severity, alert_rules, help_of

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / 'assets' / 'alerts.yml'
OPERATION = Path(checks.__file__).parent
WITH_RULE = [check for check in CHECKS if check.condition]


def test_the_alert_rules_are_those_of_the_checks() -> None:
    assert ALERTS.read_text() == alert_rules(), \
        f'write them again: python -m {checks.__name__} > assets/alerts.yml'


def test_each_rule_is_read_as_its_check_means_it() -> None:
    rules = yaml.safe_load(alert_rules())['groups'][0]['rules']
    assert [(rule['alert'], rule['expr'], rule.get('for', ''), rule['labels']['severity'],
             rule['annotations']['summary'], rule['annotations']['description']) for rule in rules] == [
        (check.name, check.expression, check.lasts, check.severity.of_alert, check.title, check.remedy)
        for check in WITH_RULE]


def test_names_are_given_once_and_every_check_has_a_remedy() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS) > 30
    assert [check.name for check in CHECKS if not check.remedy or not check.summary] == []


@pytest.mark.parametrize('check', WITH_RULE, ids=lambda check: check.name)
def test_a_rule_has_its_limit_its_metric_and_nothing_that_only_diagnosis_can_fill_in(check: Check) -> None:
    assert ('{limit}' in check.condition) == bool(check.limit)
    assert check.metric in check.expression
    assert re.search(r'(?<!\{)\{(?!\{|[a-z]+[!=]=?")', check.title + check.remedy) is None


def test_a_help_text_names_the_alert_that_looks_at_the_metric() -> None:
    text = help_of('floor_store_age_seconds', 'How old it is.')
    assert text == 'How old it is. Alert FloorNotFresh: floor_store_age_seconds > 15 for 30s.'
    assert help_of('floor_browsers_connected', 'Pages.') == 'Pages.'


def modules_with(text: str) -> list[Path]:
    """To parse those only."""
    return [path for path in (ROOT / 'floor').rglob('*.py') if text in path.read_text()]


def test_no_metric_says_for_itself_when_to_alert() -> None:
    texts = [(path.name, node.value) for path in modules_with('Alert ') if path.name != 'checks.py'
             for node in ast.walk(ast.parse(path.read_text()))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [(name, text) for name, text in texts if re.search(r'\bAlert (?:on|above|below|when)\b', text)] == []


def test_every_finding_is_of_a_check() -> None:
    """Only a check makes one: elsewhere nobody calls Finding(...), nor names its own limit."""
    made = [(path.name, node.lineno) for path in modules_with('Finding(')
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'Finding']
    assert [name for name, _ in made] == ['checks.py']


def test_a_finding_has_its_check_s_severity_and_remedy() -> None:
    found = checks.MISSING_RIGHT.found('The login app lacks USAGE.', statement='GRANT USAGE ON SCHEMA floor TO app')
    assert (found.severity, found.do) == (Severity.DOWN, 'Its owner must run: GRANT USAGE ON SCHEMA floor TO app;')
    found = checks.NOT_LIVE.found('The floor is stale.', 'See that PostgreSQL runs.')
    assert found.do == 'See that PostgreSQL runs. It recovers automatically when this is fixed.'


def test_the_readme_quotes_rules_as_they_are() -> None:
    quoted = yaml.safe_load('\n'.join(re.findall(r'^- \{alert: .*\}$', (OPERATION / 'README.md').read_text(), re.M)))
    rules = {check.name: (check.expression, check.lasts) for check in WITH_RULE}
    assert len(quoted) == 3
    assert {each['alert']: (each['expr'], each['for']) for each in quoted}.items() <= rules.items()


def test_a_metric_family_keeps_its_name() -> None:
    assert help_of(GaugeMetricFamily('floor_feed_warning', '').name, 'Trouble.').startswith(
        'Trouble. Alert FeedInTrouble: ')
