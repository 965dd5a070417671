"""From the demo to a plant of one's own, with two instances and several open pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from browser.harness import Until
from browser.program import Program
from browser.visitor import Visitor
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

RIBBON, BUTTON = 'Demo: simulated data', 'Set up your plant'
FIRST = 'Source_Sorter_01_01'


async def test_a_supervisor_replaces_the_demo_and_every_open_page_follows(visitor_of: Callable[[Program], Visitor],
                                                                          folder: Path, until: Until) -> None:
    first = Program(folder, ENABLE_SIMULATOR='true', SIMULATOR_INTERVAL='1', BACKFILL_DAYS='0')
    second = first.joined('second', LOCAL_USER='lisa.garcia@example.com', ENABLE_SIMULATOR='true')
    visitors = []
    try:
        first.start()
        await until(lambda: 'the simulator runs this floor' in first.log, 60)
        second.start()
        mike, lisa = visitors = [visitor_of(first), visitor_of(second)]
        floor, wall, past, setup = [await mike.open(path) for path in ('/', '/?kiosk', '/past', '/setup/machines')]
        drawer = await lisa.open('/?machine=Valve_01_01')
        await setup.get_by_label(f'Name of {FIRST}', exact=True).fill('Half a na')
        for page in floor, wall, past, drawer:
            await expect(page.get_by_text(RIBBON)).to_be_visible()
        await expect(drawer.get_by_role('button', name=BUTTON)).to_have_count(0)

        await floor.emulate_media(media='print')
        await expect(floor.get_by_text(RIBBON)).to_be_visible()
        await expect(floor.get_by_role('button', name=BUTTON)).to_be_hidden()
        await floor.emulate_media(media='screen')

        await floor.get_by_role('button', name=BUTTON).click()
        await expect(floor.get_by_text('deleted for everyone: 30 machines, ')).to_be_visible()
        remove = floor.get_by_role('button', name='Remove the demo')
        await expect(remove).to_be_disabled()
        await floor.get_by_text('Permanently remove the demo data').click()
        await remove.click()

        await expect(remove).to_be_hidden()
        for page in floor, wall, past, drawer:
            await expect(page.get_by_text(RIBBON)).to_be_hidden()
        await expect(floor).to_have_url(f'{first.url}/setup')
        await expect(floor.get_by_role('link', name='Import a sheet')).to_be_visible()
        for page in wall, drawer:
            await expect(page.get_by_text('There are no machines on the floor')).to_be_visible()
        await mike.go(floor, '/')
        await expect(floor.get_by_role('link', name='Set up your plant')).to_be_visible()
        await expect(drawer.get_by_role('link', name='Set up your plant')).to_be_hidden()
        for program in first, second:
            await until(lambda program=program: 'the simulator does not run: this floor is a plant' in program.log)
            health = program.health()
            assert (health['status'], health['demo'], health['machines']) == ('live', False, 0)

        connection = await asyncpg.connect(first.database_url)
        await connection.execute("INSERT INTO machine_feed_stream (machine_name, type, status) "
                                 "VALUES ('Press 1', 'press', 'operational')")
        for page in floor, wall:
            await expect(page.locator('[data-machine="Press 1"]')).to_have_attribute('data-status', 'operational')
        await expect(setup.get_by_label('Name of Press 1', exact=True)).to_have_value('Press 1')  # with FIRST's number
        assert await connection.fetchval('SELECT array_agg(DISTINCT changed_by) FROM machine_status_history') \
            == ['postgres']
        await connection.close()

        first.stop()
        first.start()  # with the simulator switched on as before
        await until(lambda: first.health().get('status') == 'live', 60)
        assert (first.health()['demo'], first.health()['machines']) == (False, 1)
    finally:
        for visitor in visitors:
            visitor.loses_connection = True
            await visitor.leave()
        second.stop()
        first.stop()
