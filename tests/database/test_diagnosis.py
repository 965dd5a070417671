"""What the database is asked for /diagnosis, of a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from database.harness import runtime_of
from database.postgres import Connect

from floor.core.errors import DatabaseUnavailableError, FeedNotDeliveredError
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.schema_files import load_schema_files
from floor.operations.diagnosis import PATIENCE_S, Trigger, diagnose, measure_delivery
from floor.operations.diagnosis_findings import findings
from floor.operations.runtime_status import RuntimeStatus


@pytest.fixture
async def runtime(database: Database) -> AsyncIterator[RuntimeStatus]:
    yield runtime_of(database)


async def test_the_floor_as_delivered_is_well(runtime: RuntimeStatus, postgres_major: int) -> None:
    diagnosis = await diagnose(runtime)
    facts = diagnosis.database
    assert facts is not None, diagnosis.problem
    assert facts.server.startswith(f'{postgres_major}.')
    assert facts.login == facts.owner == 'postgres'
    assert [each.intact for each in facts.migrations] == [True] * len(facts.migrations)
    assert facts.migrations[-1].version == load_schema_files().migrations[-1].version
    assert Trigger('machine_feed_updated', 'machine_feed_stream', True) in facts.triggers
    assert facts.missing_triggers == facts.missing_rights == ()
    assert facts.size > 1_000_000
    assert findings(diagnosis) == []


async def test_triggers_migrations_and_the_feeds_logins_are_as_they_are(runtime: RuntimeStatus,
                                                                        connect: Connect) -> None:
    connection = await connect()
    await connection.execute("""ALTER TABLE machine_feed_stream DISABLE TRIGGER machine_feed_updated;
                                DROP TRIGGER people_changed ON employees;
                                UPDATE schema_migrations SET sha256 = 'another' WHERE version = 2;
                                UPDATE schema_migrations SET sha256 = NULL WHERE version = 3;
                                DO $$ BEGIN CREATE ROLE floor_feed_writer;
                                EXCEPTION WHEN duplicate_object THEN NULL; END $$;  -- of another test
                                CREATE ROLE plc_gateway LOGIN;
                                GRANT floor_feed_writer TO plc_gateway""")
    try:
        facts = (await diagnose(runtime)).database
        assert facts is not None
        assert [each.name for each in facts.triggers if not each.is_on] == ['machine_feed_updated']
        assert facts.missing_triggers == ('machine_feed_updated', 'people_changed')
        assert {each.version: each.intact for each in facts.migrations} | {2: False, 3: None} == {
            each.version: each.intact for each in facts.migrations}
        assert 'plc_gateway' in str(facts.feeds).split(', ')
        assert any(each.program == 'line-monitor' for each in facts.connected) is False, 'only others are counted'
    finally:
        await connection.execute('DROP ROLE plc_gateway')


async def test_a_login_that_lacks_rights_learns_which(
        settings: Settings, database_url: str, connect: Connect) -> None:
    connection = await connect()
    await connection.execute('CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA manufacturing_line TO looker; '
                             'GRANT SELECT ON ALL TABLES IN SCHEMA manufacturing_line TO looker')
    database = Database(database_url.replace('//postgres@', '//looker@'), settings)
    try:
        diagnosis = await diagnose(runtime_of(database))
        assert any('The login looker lacks INSERT' in each.what and 'GRANT' in each.do for each in findings(diagnosis))
    finally:
        await database.close()
        await connection.execute('DROP OWNED BY looker; DROP ROLE looker')


async def test_a_notification_goes_there_and_back(runtime: RuntimeStatus, connect: Connect) -> None:
    assert await measure_delivery(runtime) > 0
    connection = await connect()
    assert await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == 0


async def test_a_notification_that_is_swallowed_is_shown(runtime: RuntimeStatus,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        """As behind a pooler: everything is answered, nothing is passed on."""

        async def listen_for_diagnosis(self, connection: object, **_: object) -> None:
            pass

    deaf = replace(runtime)
    monkeypatch.setattr(runtime.database, 'queries', Deaf())
    monkeypatch.setitem(measure_delivery.__globals__, 'PATIENCE_S', 0.3)  # by name the module is found only once
    with pytest.raises(FeedNotDeliveredError, match='pooler'):
        await measure_delivery(deaf)


async def test_a_database_that_is_away_is_an_answer(settings: Settings) -> None:
    nowhere = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    runtime = runtime_of(nowhere)
    diagnosis = await diagnose(runtime)
    assert diagnosis.database is None
    assert 'does not answer' in (diagnosis.problem or '')
    with pytest.raises(DatabaseUnavailableError):
        await measure_delivery(runtime)
    await nowhere.close()


async def test_a_database_that_hangs_is_not_waited_for(runtime: RuntimeStatus, connect: Connect) -> None:
    other = await connect()
    await other.execute('BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE')
    begin = time.monotonic()
    async with asyncio.timeout(30):
        diagnosis = await diagnose(runtime)
    assert PATIENCE_S <= time.monotonic() - begin
    assert diagnosis.problem == f'it has not answered for {PATIENCE_S:g} s'
    await other.execute('ROLLBACK')
    assert (await diagnose(runtime)).problem is None
