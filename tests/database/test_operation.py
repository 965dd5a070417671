"""The program as its operator sees it: its log and its measures, from a real process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml
from browser.program import Program
from database.postgres import until
from ports import free_port
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.long

PROJECT = Path(__file__).parents[2]
RULES = yaml.safe_load((PROJECT / 'assets' / 'alerts.yml').read_text())['groups'][0]['rules']
NAME = re.compile(r'\b(?:floor|process)_[a-z_]+')
LEVELS = re.compile(r'^\S+ (WARNING|ERROR|CRITICAL) (.*)$', re.MULTILINE)


async def measures(program: Program) -> dict[str, float]:
    """Every sample by its name, and with its labels where it has some."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f'{program.url}/metrics')).text
    return {sample.name + ''.join(f'{{{value}}}' for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


async def test_every_metric_that_an_alert_names_is_there(folder: Path) -> None:
    program = Program(folder, ENABLE_SIMULATOR='true', BACKFILL_DAYS='0', DASHBOARD_REFRESH_SECONDS='1')
    program.start()
    try:
        async def complete() -> bool:
            return 'floor_dashboard_age_seconds' in await measures(program)

        await until(complete, 60)
        there = {name.partition('{')[0] for name in await measures(program)}
        async with httpx.AsyncClient() as client:
            text = (await client.get(f'{program.url}/metrics')).text
    finally:
        program.stop()
    named = {rule['alert']: NAME.findall(rule['expr']) for rule in RULES}
    assert len(named) == len(RULES) >= 15
    assert {alert: set(names) - there for alert, names in named.items() if set(names) - there} == {}
    assert all(names or 'up{' in rule['expr'] for names, rule in zip(named.values(), RULES, strict=True))
    assert all(rule['labels']['severity'] in {'critical', 'warning'} for rule in RULES)
    assert all(rule['annotations']['summary'] for rule in RULES)
    shown = set(NAME.findall((PROJECT / 'floor' / 'operations' / 'README.md').read_text()))
    described = set(re.findall(r'^# TYPE (\w+)', text, re.MULTILINE))  # also those of which nothing is counted yet
    assert len(shown) > 5 and shown - there - described == set(), 'its README names a metric that is not there'


async def test_measures_follow_what_happens(folder: Path) -> None:
    """A change, a stranger's notification, a connection that is cut, a server that is killed."""
    program = Program(folder, LISTEN_HEARTBEAT_SECONDS='0.5')
    program.start()
    try:
        await until(lambda: program.health().get('status') == 'live', 60)
        connection = await asyncpg.connect(program.database_url)
        await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1")
        await connection.execute("SELECT manufacturing_line.announce('hello')")

        async def counted() -> bool:
            now = await measures(program)
            return (now['floor_commit_to_store_seconds_count'] == 1
                    and now['floor_listener_unreadable_notifications_total'] == 1
                    and 'floor_database_clock_error_seconds' in now)  # the floor is read again, then the clock

        await until(counted, 30)
        now = await measures(program)
        assert now['floor_commit_to_store_seconds_bucket{+Inf}'] == 1
        assert now['floor_database_clock_error_seconds'] > 0
        assert now['floor_migration_applied'] == now['floor_migration_wanted'] > 0
        assert now['floor_event_loop_lag_seconds_count'] > 0
        assert now['floor_database_pool_connections{busy}'] + now['floor_database_pool_connections{idle}'] > 0

        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE application_name = 'line-monitor'")

        async def reconnected() -> bool:
            now = await measures(program)
            return now['floor_listener_reconnects_total{closed}'] >= 1 and now['floor_connection_state{live}'] == 1

        await until(reconnected, 30)
        assert (await measures(program))['floor_connection_changes_total{stale}'] >= 1
        await connection.close()
    finally:
        program.stop()
    assert re.search(r'WARNING floor.feed.listener: no live connection to the database: .* '
                     r'\| task=connection reason=closed',
                     program.log)
    watch = 'floor.operations.freshness_log: the floor is'
    assert re.search(rf'WARNING {watch} stale: .* \| connection=stale was=live', program.log)
    assert re.search(rf'INFO {watch} live \| connection=live was=stale', program.log)


async def test_a_feed_is_connected_as_readme_writes_it(folder: Path) -> None:
    readme = (PROJECT / 'README.md').read_text()
    section = readme[readme.index('## Connect a feed'):readme.index('## How it works')]
    shell, python, sql = (re.findall(f'```{kind}\n(.*?)```', section, re.DOTALL)[0]
                          for kind in ('bash', 'python', 'sql'))
    program = Program(folder)
    program.start()
    scripts = Path(sys.executable).parent
    environment = os.environ | {'DATA_DIR': str(program.data_dir), 'PATH': f'{scripts}:{os.environ["PATH"]}'}

    async def run(*command: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            *(part.replace('http://localhost:8000', program.url) for part in command), cwd=folder, env=environment,
            stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return json.loads(output)

    accepted = {'result': 'accepted'}
    try:
        await until(lambda: program.health().get('status') == 'live', 60)
        assert await run('bash', '-euc', shell) == accepted
        token = await asyncio.create_subprocess_exec('line-monitor', 'token', 'from Python', env=environment,
                                                     stdout=asyncio.subprocess.PIPE)
        environment['TOKEN'] = (await token.communicate())[0].decode().strip()
        assert await run(sys.executable, '-c', python) == {'results': [accepted | {'message': None}] * 2}
        connection = await asyncpg.connect(program.database_url)
        await connection.execute(sql)
        rows = await connection.fetch('SELECT status, reason FROM machine_feed_stream')
        assert {tuple(row) for row in rows} >= {('warning', 'E-047'), ('down', 'Hydraulic leak'),
                                                ('down', 'Supply air low')}
        await connection.close()
    finally:
        program.stop()


async def test_a_database_that_is_away_is_a_handful_of_lines(folder: Path) -> None:
    """Nothing is logged twice, so that it does not matter for how long it is away."""
    nowhere = f'postgresql://nobody:secret-of-nobody@127.0.0.1:{free_port()}/nothing'
    program = Program(folder, DATABASE_URL=nowhere, ENABLE_SIMULATOR='true', DASHBOARD_REFRESH_SECONDS='0.2')
    program.start()
    try:
        async def tried_often() -> bool:
            return (await measures(program))['floor_listener_refusals_total{unreachable}'] >= 8

        await until(tried_often, 90)
        async with httpx.AsyncClient() as client:  # what asks meanwhile is no line either
            for _ in range(5):
                assert (await client.get(f'{program.url}/api/machines', timeout=60)).status_code == 503
        now = await measures(program)
        assert now['floor_task_failures_total{dashboard}'] == 0, 'what needs the database waits for the first picture'
        assert program.health()['status'] == 'connecting'
    finally:
        program.stop()
    messages = [text.partition(' | ')[0] for _, text in LEVELS.findall(program.log)]
    assert len(messages) == len(set(messages)), program.log
    assert 2 <= len(messages) <= 8, program.log
    assert 'secret-of-nobody' not in program.log


async def test_json_is_a_line_for_each_event_and_nothing_else(folder: Path) -> None:
    program = Program(folder, LOG_FORMAT='json', ENABLE_SIMULATOR='true', BACKFILL_DAYS='0')
    program.start()
    try:
        await until(lambda: program.health().get('status') == 'live', 60)
        await until(lambda: 'the simulator runs this floor' in program.log, 30)
    finally:
        program.stop()
    lines: list[dict[str, Any]] = [json.loads(line) for line in program.log.splitlines()]
    assert all({'time', 'level', 'logger', 'message'} <= set(line) for line in lines)
    messages = {line['message']: line for line in lines}
    assert messages['started']['port'] == int(program.host.rpartition(':')[2])
    assert messages['the floor is live']['was'] == 'connecting'
    assert messages['the simulator runs this floor']['playing'] is True
    assert next(message for message in messages if message.startswith('migration ')) == 'migration 0001_floor'
