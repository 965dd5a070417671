"""The set-up of the plant by REST: versions, roles, and what each refusal says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from database.harness import SUPERVISOR, TECHNICIAN, Client, app_of, asking, described_paths, problem_in
from database.postgres import Connect
from together import together

from floor.core.rate_limit import ChangeRateLimit
from floor.core.settings import Settings
from floor.db.database import Database

pytestmark = pytest.mark.newest_postgres
LINES, TYPES, MACHINES = '/api/plant/lines', '/api/plant/machine-types', '/api/plant/machines'
ICONS = '/api/plant/icons'


@pytest.fixture
async def clients(database: Database, settings: Settings) -> AsyncIterator[dict[str, Client]]:
    """Programs that act for a supervisor and for a technician. In the end every answer has to be one that the
    description of its path names."""
    seen: set[tuple[str, str, str]] = set()

    async def remember(answer: httpx.Response) -> None:
        template = re.sub(r'(?<=imports/)\d+', '{import_id}', re.sub(
            r'(?<=/)\d+$', '{item_id}', answer.request.url.path))
        template = re.sub(r'(?<=/icons/)\w+', '{key}', template)
        seen.add((template, answer.request.method.lower(), str(answer.status_code)))

    async with database.acquire(), AsyncExitStack() as stack:
        app = app_of(database, settings)
        clients = {email: await stack.enter_async_context(asking(app, email)) for email in (SUPERVISOR, TECHNICIAN)}
        for client in clients.values():
            client.event_hooks['response'].append(remember)
        yield clients
    described = described_paths()
    assert [answer for answer in sorted(seen) if answer[2] not in described[answer[0]][answer[1]]['responses']] == []


@pytest.fixture
def client(clients: dict[str, Client]) -> Client:
    return clients[SUPERVISOR]


async def added(client: Client, path: str, **values: Any) -> dict[str, Any]:
    answer = await client.post(path, json=values)
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    assert answer.headers['location'] == f'{path}/{item["id"]}'
    assert answer.headers['etag'] == f'"{item["version"]}"'
    return item


async def test_a_line_lives_its_whole_life(client: Client) -> None:
    line = await added(client, LINES, name='Packing · 梱包', position=1)
    assert line == {'id': 5, 'code': '05', 'name': 'Packing · 梱包', 'area': None, 'position': 1, 'machines': 0,
                    'version': line['version']}
    assert [each['name'] for each in (await client.get(LINES)).json()][:2] == ['Packing · 梱包', 'Transmission Line']
    path = f'{LINES}/{line["id"]}'
    renamed = await client.patch(path, json={'version': line['version'], 'name': 'Packing', 'code': 'P'})
    assert renamed.status_code == 200
    assert renamed.json() == (await client.get(path)).json() == {
        **line, 'name': 'Packing', 'code': 'P', 'version': line['version'] + 1}
    assert (await client.delete(path, params={'version': line['version'] + 1})).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_the_machines_of_a_deleted_line_need_a_place(client: Client) -> None:
    engine = (await client.get(f'{LINES}/2')).json()
    problem = problem_in(await client.delete(f'{LINES}/2', params={'version': engine['version']}), 422)
    assert problem['detail'].startswith('Engine Line has 7 machines: say which line they go to')
    for wrong in '0', 'nowhere', '99', '2':
        problem_in(await client.delete(f'{LINES}/2', params={'version': engine['version'], 'machines_to': wrong}), 422)
    answer = await client.delete(f'{LINES}/2', params={'version': engine['version'], 'machines_to': 'none'})
    assert answer.status_code == 204
    assert sum(machine['line_id'] is None for machine in (await client.get(MACHINES)).json()) == 7


async def test_areas_are_listed_renamed_and_moved(clients: dict[str, Client]) -> None:
    client, path = clients[SUPERVISOR], '/api/plant/areas'
    lines = [await added(client, LINES, name=f'{area} {number}', area=area) for area in ('North', 'South / 2')
             for number in (1, 2)]
    ids = [line['id'] for line in lines]
    north, south = {'name': 'North', 'position': 1, 'lines': ids[:2]}, {
        'name': 'South / 2', 'position': 2, 'lines': ids[2:]}
    assert (await client.get(path)).json() == [north, south]
    answer = await client.patch(path, json={'area': 'South / 2', 'position': 1})
    assert answer.json() == [{**south, 'position': 1}, {**north, 'position': 2}]
    answer = await client.patch(path, json={'area': 'North', 'name': '北'})
    assert [area['name'] for area in answer.json()] == ['South / 2', '北']
    problem_in(await client.patch(path, json={'area': 'North', 'name': 'x'}), 404)
    for wrong in {}, {'name': 'x', 'position': 1}, {'name': 'SOUTH / 2'}, {'name': ''}, {'position': 0}:
        problem_in(await client.patch(path, json={'area': '北', **wrong}), 422)
    problem_in(await clients[TECHNICIAN].patch(path, json={'area': '北', 'position': 1}), 403)


async def test_a_machine_type_lives_its_whole_life(client: Client) -> None:
    oven = await added(client, TYPES, name='oven', icon='oven')
    path = f'{TYPES}/{oven["id"]}'
    plain = (await client.patch(path, json={'version': 1, 'icon': None})).json()
    assert plain == {**oven, 'icon': None, 'version': 2}
    await added(client, MACHINES, name='Oven 1', type='oven')
    assert problem_in(await client.delete(path, params={'version': 2}), 422)['detail'].startswith('1 machine of this')
    assert (await client.patch(path, json={'version': 2, 'name': 'kiln'})).status_code == 200
    assert (await client.get(MACHINES)).json()[-1]['type'] == 'kiln'
    unused = await added(client, TYPES, name='unused')
    assert (await client.delete(f'{TYPES}/{unused["id"]}', params={'version': 1})).status_code == 204
    assert [each['name'] for each in (await client.get(TYPES)).json()] == [
        'injection_molder', 'kiln', 'painter', 'robotic_arm', 'sorter', 'valve']


async def test_a_machine_lives_its_whole_life(client: Client) -> None:
    press = await added(client, MACHINES, name='Press 1', type='press', line_id=2, position=1)
    assert (press['line'], press['position'], press['has_past'], press['retired_at']) == ('Engine Line', 1, False, None)
    path = f'{MACHINES}/{press["id"]}'
    moved = (await client.patch(path, json={'version': press['version'], 'name': 'Press A', 'line_id': None})).json()
    assert (moved['name'], moved['line'], moved['type']) == ('Press A', None, 'press')
    status = [each for each in (await client.get('/api/machines')).json() if each['machine_name'] == 'Press A']
    assert [(each['feed_id'], each['status']) for each in status] == [(press['id'], 'unknown')]
    retired = (await client.patch(path, json={'version': moved['version'], 'retired': True})).json()
    assert [each['id'] for each in (await client.get(MACHINES, params={'retired': True})).json()] == [press['id']]
    back = (await client.patch(path, json={'version': retired['version'], 'retired': False})).json()
    assert (retired['retired_at'] is None, back['retired_at']) == (False, None)
    assert (await client.delete(path, params={'version': back['version']})).status_code == 204
    assert problem_in(await client.get(path), 404)['detail'] == f'there is no machine {press["id"]}'
    valve = (await client.get(f'{MACHINES}/4')).json()
    assert 'retire it instead' in problem_in(
        await client.delete(f'{MACHINES}/4', params={'version': valve['version']}), 422)['detail']


@pytest.mark.parametrize(('path', 'value'), [
    (f'{LINES}/2', {'name': 'Motors'}), (f'{TYPES}/1', {'icon': 'press'}), (f'{MACHINES}/10', {'type': 'press'})])
async def test_of_two_who_change_the_same_the_second_sees_the_first(
        client: Client, path: str, value: dict[str, str]) -> None:
    before = await client.get(path)
    version, tag = before.json()['version'], before.headers['etag']
    assert 'send version' in problem_in(await client.patch(path, json=value), 428)['detail']
    now = await client.patch(path, json=value, headers={'If-Match': tag})
    assert (now.status_code, now.headers['etag']) == (200, f'"{now.json()["version"]}"')
    conflict = problem_in(await client.patch(path, json={'version': version, **value}), 409)
    assert conflict['current'] == now.json()
    assert 'Mike Johnson changed' in conflict['detail']
    assert problem_in(await client.patch(path, json=value, headers={'If-Match': tag}), 412)['current'] == now.json()
    assert problem_in(await client.delete(path, params={'version': version}), 409)['current'] == now.json()
    assert problem_in(await client.delete(path, headers={'If-Match': tag}), 412)['current'] == now.json()
    problem_in(await client.delete(path), 428)
    assert (await client.get(path, headers={'If-None-Match': (await client.get(path)).headers['etag']})
            ).status_code == 304


async def test_only_a_supervisor_changes_and_everybody_reads(clients: dict[str, Client]) -> None:
    client = clients[TECHNICIAN]
    for path, new in (LINES, {'name': 'New'}), (TYPES, {'name': 'new'}), (MACHINES, {'name': 'New'}):
        assert (await client.get(path)).status_code == (await client.get(f'{path}/1')).status_code == 200
        for answer in (await client.post(path, json=new), await client.delete(f'{path}/1', params={'version': 1}),
                       await client.patch(f'{path}/1', json={'version': 1, **new})):
            assert 'requires the role supervisor' in problem_in(answer, 403)['detail']
    assert (await client.get('/api/plant/changes')).json() == []


@pytest.mark.parametrize(('path', 'body', 'where'), [
    (LINES, {}, 'body.name'), (LINES, {'name': ' x'}, 'body.name'), (LINES, {'name': 'Engine Line'}, 'body.name'),
    (LINES, {'name': 'x', 'code': '02'}, 'body.code'), (LINES, {'name': 'x', 'position': 0}, 'body.position'),
    (TYPES, {'name': 'x', 'icon': '<svg>'}, 'body.icon'), (TYPES, {'name': 'x' * 81}, 'body.name'),
    (MACHINES, {'name': 'x', 'line_id': 99}, 'body.line_id'), (MACHINES, {'name': 'x', 'type': ''}, 'body.type'),
    (MACHINES, {'name': 'x', 'line_id': 40_000}, 'body.line_id'), (MACHINES, {'name': 'x', 'colour': 1}, 'body.colour'),
    (MACHINES, {'name': 'x', 'position': True}, 'body.position')])
async def test_what_is_wrong_is_named(client: Client, path: str, body: dict[str, Any], where: str) -> None:
    assert [error['where'] for error in problem_in(await client.post(path, json=body), 422)['errors']] == [where]


@pytest.mark.parametrize('body', [{'version': 1}, {'version': 1, 'retired': True, 'name': 'x'}, {'version': '1'}])
async def test_a_change_that_is_none_or_two_is_refused(client: Client, body: dict[str, Any]) -> None:
    problem_in(await client.patch(f'{MACHINES}/1', json=body), 422)


async def test_every_change_is_listed_with_who_when_old_and_new(client: Client) -> None:
    line = await added(client, LINES, name='New')
    await client.patch(f'{LINES}/{line["id"]}', json={'version': line['version'], 'name': 'Newer', 'code': 'N'})
    changes = (await client.get('/api/plant/changes')).json()
    assert [(each['kind'], each['item_id'], each['item'], each['field'], each['old'], each['new'], each['by'])
            for each in changes] == [
        ('line', 5, 'New', 'code', '05', 'N', 'Mike Johnson'),
        ('line', 5, 'New', 'name', 'New', 'Newer', 'Mike Johnson'),
        ('line', 5, 'New', 'added', None, 'New', 'Mike Johnson')]
    pages = [(await client.get('/api/plant/changes', params={'per_page': 1, **before})).json()
             for before in ({}, {'before': changes[0]['id']}, {'before': changes[2]['id']})]
    assert pages == [changes[:1], changes[1:2], []]


async def test_changes_of_the_plant_count_towards_the_limit(database: Database, settings: Settings) -> None:
    async with asking(app_of(database, settings, limit=ChangeRateLimit(1)), SUPERVISOR) as client:
        first = await client.post(TYPES, json={'name': 'oven'})
        assert (first.status_code, 'r=0' in first.headers['ratelimit']) == (201, True)
        assert int((await client.post(TYPES, json={'name': 'kiln'})).headers['retry-after']) > 0


SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Square</title><path d="M0 0h9v9z"/></svg>'


async def test_an_icon_lives_its_whole_life(client: Client, clients: dict[str, Client], database: Database) -> None:
    problem_in(await clients[TECHNICIAN].post(ICONS, json={'key': 'gizmo', 'svg': SQUARE}), 403)
    answer = await client.post(ICONS, json={'key': 'gizmo', 'svg': SQUARE})
    icon = answer.json()
    assert (answer.status_code, answer.headers['location']) == (201, f'{ICONS}/gizmo/picture')
    assert (icon['key'], icon['title'], icon['added_by']) == ('gizmo', 'Gizmo', 'Mike Johnson')
    listed = (await clients[TECHNICIAN].get(ICONS)).json()
    assert listed[0] == icon
    assert {'press', 'other', 'robotic_arm'} < {each['key'] for each in listed}

    picture = await clients[TECHNICIAN].get(f'{ICONS}/gizmo/picture', params={'v': icon['version']})
    assert picture.text == '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"></path></svg>'
    assert picture.headers['content-type'].startswith('image/svg+xml')
    assert picture.headers['content-security-policy'] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert picture.headers['x-content-type-options'] == 'nosniff'
    assert 'immutable' in picture.headers['cache-control']
    same = await client.get(f'{ICONS}/gizmo/picture', headers={'If-None-Match': picture.headers['etag']})
    assert (same.status_code, same.content, same.headers['cache-control']) == (304, b'', 'private, no-cache')

    kind = await added(client, TYPES, name='Gizmo 3000', icon='gizmo')
    problem = problem_in(await client.delete(f'{ICONS}/gizmo'), 422)
    assert problem['detail'] == 'gizmo is the icon of 1 machine type (Gizmo 3000): choose another icon first'
    changed = await client.patch(f'{TYPES}/{kind["id"]}', json={'version': kind['version'], 'icon': 'press'})
    assert (changed.status_code, changed.json()['icon']) == (200, 'press')
    assert (await client.delete(f'{ICONS}/gizmo')).status_code == 204
    problem_in(await client.delete(f'{ICONS}/gizmo'), 404)
    problem_in(await client.get(f'{ICONS}/gizmo/picture'), 404)
    changes = (await client.get('/api/plant/changes')).json()
    assert [(each['field'], each['item']) for each in changes if each['kind'] == 'icon'] == [
        ('deleted', 'gizmo'), ('added', 'gizmo')]


@together(('values', 'detail'), [
    ({'key': 'Press!', 'svg': SQUARE}, 'key has to be the key of an icon'),
    ({'key': 'press', 'svg': SQUARE}, 'there is an icon press already: choose another name'),
    ({'key': 'gizmo', 'svg': SQUARE.replace('<path', '<script')}, 'the element script is not allowed'),
    ({'key': 'gizmo', 'svg': SQUARE.replace('d=', 'onclick=')}, 'the attribute onclick of path is not allowed'),
    ({'key': 'gizmo', 'svg': SQUARE + ' ' * 20_000}, 'at most 20,000 are allowed'),
    ({'key': 'gizmo', 'svg': '\ud800'}, 'the file is not in UTF-8')])
async def test_a_refusal_of_an_icon_names_the_reason(values: dict[str, str], detail: str, client: Client) -> None:
    problem = problem_in(await client.post(ICONS, content=json.dumps(values),
                                           headers={'Content-Type': 'application/json'}), 422)
    assert detail in problem['detail']


async def test_a_machine_type_gets_no_icon_that_is_not_there(client: Client) -> None:
    assert problem_in(await client.post(TYPES, json={'name': 'Gizmo', 'icon': 'gizmo'}), 422)['detail'].startswith(
        'there is no icon gizmo: choose one of /api/plant/icons')


async def test_the_plants_own_settings_are_read_and_changed(clients: dict[str, Client]) -> None:
    client, path = clients[SUPERVISOR], '/api/plant'
    answer = await client.get(path)
    plant = answer.json()
    assert plant == {'name': None, 'time_zone': 'UTC', 'first_weekday': 'monday', 'day_start': '00:00', 'version': 1}
    problem_in(await clients[TECHNICIAN].patch(path, json={'version': 1, 'name': 'Werk'}), 403)
    problem_in(await client.patch(path, json={'name': 'Werk'}), 428)
    for wrong in ({'time_zone': 'Mars/Olympus'}, {'first_weekday': 'someday'}, {'day_start': '24:00'},
                  {'name': 'x' * 81}, {'week': 1}, {}):
        problem_in(await client.patch(path, json={'version': 1, **wrong}), 422)
    changed = await client.patch(path, json={'name': 'Werk Süd', 'time_zone': 'Asia/Kathmandu',
                                             'first_weekday': 'sunday', 'day_start': '06:00'},
                                 headers={'If-Match': answer.headers['etag']})
    assert changed.json() == {'name': 'Werk Süd', 'time_zone': 'Asia/Kathmandu', 'first_weekday': 'sunday',
                              'day_start': '06:00', 'version': 2}
    conflict = problem_in(await client.patch(path, json={'version': 1, 'name': 'Another'}), 409)
    assert conflict['current'] == changed.json()
    problem_in(await client.patch(path, json={'name': None}, headers={'If-Match': answer.headers['etag']}), 412)
    assert (await client.patch(path, json={'version': 2, 'name': None})).json()['name'] is None


async def test_a_script_imports_exports_and_undoes(clients: dict[str, Client], connect: Connect) -> None:
    client, csv = clients[SUPERVISOR], {'Content-Type': 'text/csv'}
    sheet = ('area,line,machine,type,position,display name\r\nNorth,Hall 1,Press 1,press,1,Presse 1\r\n'
             ',Hall 1, Saw,saw,2,\r\n')
    refused = problem_in(await client.post('/api/plant/import', content=sheet, headers=csv), 422)
    assert refused['detail'].startswith('this floor is a demo')
    await (await connect()).execute('SELECT remove_demo($1)', SUPERVISOR)
    plan = (await client.post('/api/plant/import?dry_run=true', content=sheet, headers=csv)).json()
    assert (plan['kind'], plan['new'], plan['new_lines'], plan['rows'][1]['notes']) == (
        'machines', 2, ['Hall 1'], ['spaces around machine are left out'])
    assert (await client.get('/api/plant/imports')).json() == []
    done = await client.post('/api/plant/import?file_name=plant.csv', content=sheet, headers=csv)
    assert done.json() == {**plan, 'dry_run': False}
    exported = (await client.get('/api/plant/export')).content.decode('utf-8-sig')
    assert exported == sheet.replace(',Hall 1, Saw', 'North,Hall 1,Saw')
    spreadsheet = (await client.get('/api/plant/export?format=xlsx')).content
    again = await client.post('/api/plant/import', content=spreadsheet, headers={
        'Content-Type': 'application/octet-stream'})
    assert again.json()['unchanged'] == 2
    last, = (await client.get('/api/plant/imports')).json()
    assert (last['file_name'], last['by'], last['added'], last['is_last']) == ('plant.csv', 'Mike Johnson', 2, True)
    undo = f'/api/plant/imports/{last["id"]}/undo'
    assert (await client.post(f'{undo}?dry_run=true')).json()['steps'][0] == {
        'name': 'Press 1', 'outcome': 'deleted', 'details': ''}
    assert (await client.post(undo)).json()['obstacles'] == []
    assert (await client.get('/api/plant/export')).text.count('\n') == 1
    problem_in(await client.post(undo), 404)
    problem_in(await client.post('/api/plant/imports/99/undo'), 404)
    problem_in(await client.post('/api/plant/import', content=sheet, headers={'Content-Type': 'text/plain'}), 415)
    two = problem_in(await client.post('/api/plant/import', content='machine\nA\na\n', headers=csv), 422)
    assert two['detail'] == ('1 row refused, and nothing was changed: row 3: a: refused, this machine is in row 2 '
                             'already')
    assert (await client.get('/api/plant/export?kind=people&empty=true')).text.startswith('\ufefffirst name,last name')
    problem_in(await clients[TECHNICIAN].post('/api/plant/import', content=sheet, headers=csv), 403)


async def test_a_person_is_added_and_changed(clients: dict[str, Client]) -> None:
    client, path = clients[SUPERVISOR], '/api/employees'
    new = {'first_name': 'Anna', 'last_name': 'Berg', 'email': 'Anna@example.com', 'department': 'Lab'}
    anna = await added(client, path, **new)
    assert (anna['email'], anna['role'], anna['active'], anna['version']) == ('anna@example.com', 'operator', True, 1)
    at = f'{path}/{anna["id"]}'
    changed = await client.patch(at, json={'version': 1, 'role': 'technician', 'active': False})
    assert changed.json() == (await client.get(at)).json() == {
        **anna, 'role': 'technician', 'active': False, 'version': 2}
    assert problem_in(await client.patch(at, json={'version': 1, 'role': 'viewer'}), 409)['current'] == changed.json()
    problem_in(await client.patch(at, json={'role': 'viewer'}, headers={'If-Match': '"1"'}), 412)
    problem_in(await client.patch(at, json={'role': 'viewer'}), 428)
    problem_in(await client.post(path, json=new), 422)
    problem_in(await clients[TECHNICIAN].post(path, json=new), 403)
    change = (await client.get('/api/plant/changes?per_page=1')).json()[0]
    assert (change['kind'], change['item'], change['by']) == ('person', 'Anna Berg', 'Mike Johnson')
