"""The REST interface as a programmer has it: a client generated from the description by openapi-python-client."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from browser.harness import connected
from browser.program import PATIENCE_S, Program, started
from database.harness import LEAK, OPERATOR, PATH, PNG, SUPERVISOR, TECHNICIAN, app_of

from floor.core.rate_limit import ChangeRateLimit
from floor.core.settings import Settings
from floor.db.database import Database

pytestmark = [pytest.mark.newest_postgres, pytest.mark.xdist_group('generated client'), pytest.mark.long]
PACKAGE = 'generated_floor_client'
MACHINE = LEAK['machine_id']


@pytest.fixture(scope='module')
def program() -> Iterator[Program]:
    """The real program, live."""
    with started() as program:
        deadline = time.monotonic() + PATIENCE_S
        while program.health().get('status') != 'live' and time.monotonic() < deadline:
            time.sleep(0.05)
        asyncio.run(stop_a_machine(program))
        yield program


async def stop_a_machine(program: Program) -> None:
    """The examples are about a stop of this machine."""
    connection = await connected(program.database_url)
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Hydraulic leak' "
                             'WHERE machine_name = $1', MACHINE)
    await connection.close()


@pytest.fixture(scope='module')
def client() -> Iterator[httpx.Client]:
    """With patience: a page takes long to build where other tests want the processor too."""
    with httpx.Client(timeout=60) as client:
        yield client


@pytest.fixture(scope='module')
def description(program: Program, client: httpx.Client) -> dict[str, Any]:
    """What the program says of itself."""
    described: dict[str, Any] = client.get(f'{program.url}/openapi.json').json()
    return described


@pytest.fixture(scope='module')
def sdk(description: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModuleType]]:
    """Modules of the generated client by name."""
    folder = tmp_path_factory.mktemp('client')
    (folder / 'openapi.json').write_text(json.dumps(description))
    (folder / 'config.yml').write_text('post_hooks: []\n')
    generated = subprocess.run(
        [Path(sys.executable).parent / 'openapi-python-client', 'generate', '--path', 'openapi.json', '--meta', 'none',
         '--output-path', PACKAGE, '--config', 'config.yml', '--fail-on-warning'],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f'{PACKAGE}.{name}')
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition('.')[0] == PACKAGE]:
        del sys.modules[name]


def operation(api: Callable[[str], ModuleType], name: str) -> ModuleType:
    """The module of one operation about work orders."""
    return api(f'api.work_orders.{name}')


# what people do with it

def test_an_order_lives_its_whole_life(sdk: Callable[[str], ModuleType], program: Program) -> None:
    models, types = sdk('models'), sdk('types')

    def ask(name: str, *path: Any, **arguments: Any) -> Any:
        with sdk('client').Client(base_url=program.url, raise_on_unexpected_status=True) as client:
            return operation(sdk, name).sync(*path, client=client, **arguments)

    new = models.NewWorkOrder(machine_id=MACHINE, issue_description='Hydraulic leak')
    order = ask('create_work_order', body=new, idempotency_key='once')
    assert isinstance(order, models.WorkOrder)
    assert (order.machine_id, order.machine, order.status, order.assignee) == (MACHINE, MACHINE, 'open', None)
    assert ask('create_work_order', body=new, idempotency_key='once') == order

    edited = ask('update_work_order', order.id, body=models.WorkOrderPatch(
        version=order.version, priority=models.Priority.CRITICAL, assignee='Lisa Garcia'))
    held = ask('update_work_order', order.id, if_match=f'"{edited.version}"', body=models.WorkOrderPatch(
        status=models.WorkOrderStatus.ON_HOLD, hold_reason=models.HoldReason.PARTS, note='Seal ordered'))
    assert (held.priority, held.assignee, held.status, held.version) == ('critical', 'Lisa Garcia', 'on_hold', 3)

    for _ in range(2):
        comment, = ask('add_comment', order.id, body=models.NewComment(text='The seal is here'), idempotency_key='once')
    assert (comment.text, ask('list_comments', order.id)) == ('The seal is here', [comment])
    for _ in range(2):
        file = ask('add_attachment', order.id, file_name='leak.png', body=types.File(payload=io.BytesIO(PNG)),
                   idempotency_key='once')
    assert (file.file_name, file.media_type) == ('leak.png', 'image/png')
    assert ask('get_work_order', order.id).attachments == [file]
    assert ask('get_attachment', order.id, file.id).payload.read()

    done = ask('update_work_order', order.id, body=models.WorkOrderPatch(
        version=held.version, status=models.WorkOrderStatus.COMPLETED, cause='Seal worn', action_taken='Seal replaced'))
    assert [event.kind for event in ask('list_events', order.id)] == [
        'created', 'changed', 'changed', 'status_changed', 'commented', 'attached', 'status_changed']
    listed = ask('list_work_orders', status=[models.WorkOrderStatus.COMPLETED], machine=MACHINE, overdue=False,
                 q='leak')
    assert listed == [done]


def test_a_list_is_read_to_its_end_by_cursors(sdk: Callable[[str], ModuleType], program: Program) -> None:
    models, listing = sdk('models'), operation(sdk, 'list_work_orders')
    with sdk('client').Client(base_url=program.url, raise_on_unexpected_status=True) as client:
        begin = sdk('api.floor.get_floor').sync(client=client).since
        made = [operation(sdk, 'create_work_order').sync(client=client, body=models.NewWorkOrder(
            machine_id='Valve_01_01', issue_description=f'Sticks {number}')).id for number in range(5)]
        seen, cursor, total = [], sdk('types').UNSET, None
        while cursor is not None:
            page = listing.sync_detailed(client=client, machine='Valve_01_01', updated_after=begin, per_page=2,
                                         cursor=cursor, status=[models.WorkOrderStatus.OPEN], q='sticks')
            seen += [order.id for order in page.parsed]
            total, cursor = page.headers['x-total-count'], page.headers.get('x-next-cursor')
    assert (seen, total) == (made[::-1], '5')


def test_reports_are_read_with_types(sdk: Callable[[str], ModuleType], program: Program) -> None:
    models = sdk('models')
    with sdk('client').Client(base_url=program.url, raise_on_unexpected_status=True) as client:
        whole, = sdk('api.reports.list_kpis').sync(client=client, window=models.ListKpisWindow.THIRTY_DAYS)
        lines = sdk('api.reports.list_kpis').sync(client=client, window=models.ListKpisWindow.THIRTY_DAYS,
                                                  group_by=models.ListKpisGroupBy.LINE)
        stop = sdk('api.reports.list_stops').sync(client=client, window=models.ListStopsWindow.THIRTY_DAYS,
                                                  machine=MACHINE)[0]
        interval = sdk('api.reports.list_intervals').sync(MACHINE, client=client)[0]
        definition = sdk('api.reports.list_kpi_definitions').sync(client=client)[0]
    assert isinstance(whole, models.Kpis)
    assert sum(line.machines for line in lines) == whole.machines == 30
    assert isinstance(stop.since, datetime)
    assert (stop.machine_name, stop.reason, stop.until) == (MACHINE, 'Hydraulic leak', None)
    assert (interval.machine_name, interval.display_name) == (MACHINE, 'Injection Molder 02·01')
    assert (definition.kpi, definition.unit) == ('uptime_share', 'share')


def test_machines_and_people_are_called_as_in_orders(sdk: Callable[[str], ModuleType], program: Program) -> None:
    with sdk('client').Client(base_url=program.url, raise_on_unexpected_status=True) as client:
        machines = sdk('api.floor.list_machines').sync(client=client)
        statuses = sdk('api.floor.list_machine_statuses').sync(client=client)
        people = sdk('api.people.list_employees').sync(client=client, active=True)
        floor = sdk('api.floor.get_floor').sync(client=client)
    assert MACHINE in [machine.machine_id for machine in machines]
    assert [machine.machine_id for machine in statuses] == [machine.machine_id for machine in machines] == [
        machine.machine for machine in machines]
    assert TECHNICIAN in [person.email for person in people]
    assert floor.kind == 'demo'


# what can go wrong

async def test_every_error_is_a_problem_of_its_type(sdk: Callable[[str], ModuleType], database: Database,
                                                    settings: Settings) -> None:
    models = sdk('models')
    app, away = app_of(database, settings), app_of(Database('postgresql://nobody@127.0.0.1:1/no', settings), settings)
    slow = app_of(database, settings, limit=ChangeRateLimit(1))

    async def ask(name: str, *path: Any, email: str | None = SUPERVISOR, app: Any = app, **arguments: Any) -> Any:
        client = sdk('client').Client(base_url='http://floor', raise_on_unexpected_status=True)
        headers = {} if email is None else {'X-Forwarded-Email': email}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                                     base_url='http://floor', headers=headers) as transport:
            client.set_async_httpx_client(transport)
            return await operation(sdk, name).asyncio_detailed(*path, client=client, **arguments)

    new, patch = models.NewWorkOrder(machine_id=MACHINE, issue_description='Leak'), models.WorkOrderPatch
    async with database.acquire():
        order = (await ask('create_work_order', body=new)).parsed
        await ask('update_work_order', order.id, body=patch(version=1, priority=models.Priority.LOW))
        async with database.acquire() as connection:
            await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", MACHINE)
        stopped = (await ask('create_work_order', body=new)).parsed
        await ask('create_work_order', app=slow, email=OPERATOR, body=models.NewWorkOrder(
            machine_id='Valve_02_01', issue_description='Sticks'))
        answers = {
            401: await ask('list_work_orders', email=None),
            403: await ask('update_work_order', order.id, email=OPERATOR,
                           body=patch(version=2, status=models.WorkOrderStatus.COMPLETED)),
            404: await ask('get_work_order', 'WO-20260302-00000000'),
            409: await ask('update_work_order', order.id, body=patch(version=1, priority=models.Priority.HIGH)),
            412: await ask('update_work_order', order.id, if_match='"1"', body=patch(priority=models.Priority.HIGH)),
            422: await ask('update_work_order', order.id, body=patch(version=2)),
            428: await ask('update_work_order', order.id, body=patch(priority=models.Priority.HIGH)),
            429: await ask('create_work_order', app=slow, email=OPERATOR, body=new),
            503: await ask('list_work_orders', app=away)}
        second = await ask('create_work_order', body=new)
    for status, answer in answers.items():
        assert answer.status_code == status, answer.content
        assert isinstance(answer.parsed, models.Problem)
        assert answer.parsed.status == status
        assert answer.parsed.detail
    for status in 409, 412:
        current = answers[status].parsed.current
        assert isinstance(current, models.WorkOrder)
        assert (current.id, current.version, current.priority) == (order.id, 2, 'low')
    assert [problem.where for problem in answers[422].parsed.errors] == ['body']
    assert (second.status_code, second.parsed.current) == (409, stopped)


def test_a_machine_is_set_up_and_only_what_is_sent_changes(sdk: Callable[[str], ModuleType], program: Program) -> None:
    models = sdk('models')
    with sdk('client').Client(base_url=program.url, raise_on_unexpected_status=True) as client:
        def ask(name: str, *path: Any, **arguments: Any) -> Any:
            return sdk(f'api.plant.{name}').sync(*path, client=client, **arguments)

        machine = ask('add_machine', body=models.NewMachine(name='Oven 7', type_='oven', line_id=2))
        moved = ask('update_machine', machine.id, body=models.PlantMachinePatch(version=machine.version, position=1))
        assert (moved.name, moved.type_, moved.line_id, moved.position) == ('Oven 7', 'oven', 2, 1)
        stale = ask('update_machine', machine.id, body=models.PlantMachinePatch(version=machine.version, name='Oven'))
        assert isinstance(stale.current, models.PlantMachine)
        assert stale.current == moved
        sdk('api.plant.delete_machine').sync_detailed(machine.id, client=client, version=moved.version)
        assert 'Oven 7' not in [each.name for each in ask('list_plant_machines')]


# the program's other paths

def test_every_path_of_the_program_takes_head_and_options_and_says_so(program: Program, client: httpx.Client) -> None:
    for path in ('/', '/work-orders', '/employees', '/reports', '/livez', '/healthz', '/metrics', '/openapi.json',
                 '/docs', '/favicon.ico', '/work-orders.csv', '/api/machines', PATH, '/assets/css/page.css',
                 '/assets/css/diagnosis.css', '/assets/icons/agv.svg'):
        head, get = client.head(program.url + path), client.get(program.url + path)
        assert (head.status_code, head.content) == (200, b''), path
        assert head.headers['content-type'] == get.headers['content-type'], path
        allowed = client.options(program.url + path).headers['allow']
        assert {'GET', 'HEAD', 'OPTIONS'} <= set(allowed.split(', ')), path
        refused = client.delete(program.url + path)
        assert (refused.status_code, refused.headers['allow']) == (405, allowed), path
    order = client.post(program.url + PATH, json={'machine_id': MACHINE, 'issue_description': 'Leak',
                                                  'even_if_open': True}).json()
    file = client.post(f'{program.url}{PATH}/{order["id"]}/attachments', params={'file_name': 'leak.png'}, content=PNG,
                       headers={'Content-Type': 'image/png'}).headers['location']
    for path in file, file.removeprefix('/api'), f'{file.removeprefix("/api")}/thumbnail':
        head, get = client.head(program.url + path), client.get(program.url + path)
        assert (head.status_code, head.content, head.headers['etag']) == (200, b'', get.headers['etag']), path
    for method in 'HEAD', 'OPTIONS':
        assert client.request(method, f'{program.url}/nothing').status_code == 404


@pytest.mark.parametrize(('accepted', 'coding'), [
    ('gzip', 'gzip'), ('br, gzip;q=0.5', 'gzip'), ('gzip;q=0', None), ('br, gzip; q=0.0', None), ('identity', None)])
def test_answers_are_compressed_where_that_is_accepted(program: Program, client: httpx.Client, accepted: str,
                                                       coding: str | None) -> None:
    for path in '/', '/openapi.json', '/assets/css/diagnosis.css':
        answer = client.get(program.url + path, headers={'Accept-Encoding': accepted})
        assert (answer.status_code, answer.headers.get('content-encoding')) == (200, coding), path


# the description

def schemas_of(description: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = description['components']['schemas']
    return found


def operations_of(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By method and path."""
    return {f'{method.upper()} {path}': operation for path, operations in description['paths'].items()
            for method, operation in operations.items()}


def test_every_field_and_parameter_is_described_with_an_example(description: dict[str, Any]) -> None:
    lacking = [f'{name}.{field}' for name, schema in schemas_of(description).items()
               for field, described in schema.get('properties', {}).items()
               if not described.get('description') or not (described.get('examples') or 'ref' in json.dumps(described))]
    lacking += [f'{name} {parameter["name"]}' for name, operation in operations_of(description).items()
                for parameter in operation.get('parameters', [])
                if not (parameter.get('description') and parameter['schema'].get('examples'))]
    assert lacking == []


def test_operations_have_names_that_read_well(description: dict[str, Any]) -> None:
    assert {name: operation['operationId'] for name, operation in operations_of(description).items()} == {
        'GET /livez': 'get_liveness', 'GET /healthz': 'get_health', 'GET /metrics': 'get_metrics',
        'GET /api/floor': 'get_floor', 'GET /api/machines': 'list_machines',
        'GET /api/machines/current-status': 'list_machine_statuses', 'GET /api/employees': 'list_employees',
        'GET /api/reports/kpis': 'list_kpis', 'GET /api/reports/kpi-definitions': 'list_kpi_definitions',
        'GET /api/reports/stops': 'list_stops', 'GET /api/machines/{machine_id}/intervals': 'list_intervals',
        'GET /api/machines/{machine_id}/counts': 'list_counts',
        'GET /api/plant/areas': 'list_areas', 'PATCH /api/plant/areas': 'update_area',
        'POST /api/employees': 'add_employee', 'GET /api/employees/{item_id}': 'get_employee',
        'PATCH /api/employees/{item_id}': 'update_employee',
        'POST /api/feed': 'report_statuses', 'POST /api/feed/{machine}': 'report_status',
        'GET /api/feeds': 'list_feeds',
        'GET /api/plant': 'get_plant', 'PATCH /api/plant': 'update_plant',
        'GET /api/plant/export': 'export_sheet', 'POST /api/plant/import': 'import_sheet',
        'GET /api/plant/imports': 'list_imports', 'POST /api/plant/imports/{import_id}/undo': 'undo_import',
        'GET /api/plant/icons': 'list_icons', 'POST /api/plant/icons': 'add_icon',
        'DELETE /api/plant/icons/{key}': 'delete_icon', 'GET /api/plant/icons/{key}/picture': 'get_icon',
        'GET /api/plant/lines': 'list_lines', 'POST /api/plant/lines': 'add_line',
        'GET /api/plant/lines/{item_id}': 'get_line', 'PATCH /api/plant/lines/{item_id}': 'update_line',
        'DELETE /api/plant/lines/{item_id}': 'delete_line', 'GET /api/plant/machine-types': 'list_machine_types',
        'POST /api/plant/machine-types': 'add_machine_type',
        'GET /api/plant/machine-types/{item_id}': 'get_machine_type',
        'PATCH /api/plant/machine-types/{item_id}': 'update_machine_type',
        'DELETE /api/plant/machine-types/{item_id}': 'delete_machine_type',
        'GET /api/plant/machines': 'list_plant_machines', 'POST /api/plant/machines': 'add_machine',
        'GET /api/plant/machines/{item_id}': 'get_plant_machine',
        'PATCH /api/plant/machines/{item_id}': 'update_machine',
        'DELETE /api/plant/machines/{item_id}': 'delete_machine', 'GET /api/plant/changes': 'list_plant_changes',
        f'GET {PATH}': 'list_work_orders', f'POST {PATH}': 'create_work_order',
        f'GET {PATH}/{{order_id}}': 'get_work_order', f'PATCH {PATH}/{{order_id}}': 'update_work_order',
        f'GET {PATH}/{{order_id}}/comments': 'list_comments', f'POST {PATH}/{{order_id}}/comments': 'add_comment',
        f'GET {PATH}/{{order_id}}/events': 'list_events', f'POST {PATH}/{{order_id}}/attachments': 'add_attachment',
        f'GET {PATH}/{{order_id}}/attachments/{{attachment_id}}': 'get_attachment'}


def test_one_problem_is_the_body_of_every_error(description: dict[str, Any]) -> None:
    for name, operation in operations_of(description).items():
        for status, answer in operation['responses'].items():
            if status >= '400' and '/api/' in name:
                assert answer['content'] == {'application/problem+json': {
                    'schema': {'$ref': '#/components/schemas/Problem'}}}, (name, status)
    current = schemas_of(description)['Problem']['properties']['current']
    assert {'$ref': '#/components/schemas/WorkOrder'} in current['anyOf']
    assert {'$ref': '#/components/schemas/PlantMachine'} in current['anyOf']


def test_a_machine_has_one_identity(description: dict[str, Any]) -> None:
    types = {name: schema['properties']['machine_id']['type'] for name, schema in schemas_of(description).items()
             if 'machine_id' in schema.get('properties', {})}
    assert set(types) >= {'WorkOrder', 'WorkOrderDetails', 'NewWorkOrder', 'Machine', 'MachineStatus'}
    assert set(types.values()) == {'string'}


def test_it_says_how_to_sign_in(description: dict[str, Any]) -> None:
    assert {} in description['security'], 'where nobody has to'
    schemes = description['components']['securitySchemes']
    assert {name for alternative in description['security'] for name in alternative} == set(schemes)
    assert all(scheme['description'] for scheme in schemes.values())
    assert {name for name, operation in operations_of(description).items() if operation.get('security') == []} == {
        'GET /livez', 'GET /healthz', 'GET /metrics'}, 'probes are answered to everybody'


# the examples of /docs, as they stand

def filled_in(schema: dict[str, Any]) -> dict[str, Any]:
    """What Swagger UI makes of a schema: the first example of every field."""
    return {name: field['examples'][0] for name, field in schema['properties'].items()}


def bodies_of(description: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Every example of a body that an operation has."""
    content = operations_of(description)[name]['requestBody']['content']['application/json']
    return [example['value'] for example in content.get('examples', {}).values()] or [
        filled_in(schemas_of(description)[content['schema']['$ref'].rpartition('/')[2]])]


def test_the_examples_of_the_documentation_work_as_they_stand(description: dict[str, Any], program: Program,
                                                              client: httpx.Client) -> None:
    def order() -> str:
        return str(client.post(program.url + PATH, json={**LEAK, 'even_if_open': True}).json()['id'])

    new_order = filled_in(schemas_of(description)['NewWorkOrder'])
    for body in [*bodies_of(description, f'POST {PATH}'), new_order]:
        answer = client.post(program.url + PATH, json=body)
        assert answer.status_code == 201, (body, answer.text)
    for body in bodies_of(description, f'PATCH {PATH}/{{order_id}}'):
        answer = client.patch(f'{program.url}{PATH}/{order()}', json=body, headers={'If-Match': '"1"'})
        assert answer.status_code == 200, (body, answer.text)
    for body in bodies_of(description, f'POST {PATH}/{{order_id}}/comments'):
        assert client.post(f'{program.url}{PATH}/{order()}/comments', json=body).status_code == 201


def test_the_examples_of_parameters_are_understood_alone_and_together(description: dict[str, Any], program: Program,
                                                                      client: httpx.Client) -> None:
    for name, operation in operations_of(description).items():
        path = name.partition(' ')[2]
        if not name.startswith('GET /api/') or '{' in path:
            continue
        examples = {(parameter['in'], parameter['name']): parameter['schema']['examples'][0]
                    for parameter in operation['parameters']}
        query = {key: value for (place, key), value in examples.items() if place == 'query'}
        headers = {key: value for (place, key), value in examples.items() if place == 'header'}
        ends = {key: query.pop(key) for key in ('from', 'to') if key in query}  # of a window without a name
        without_window = {key: value for key, value in query.items() if key != 'window'} | ends
        for asked in [query, without_window, *({key: value} for key, value in query.items())]:
            answer = client.get(program.url + path, params=asked, headers=headers)
            assert answer.status_code == 200, (path, asked, answer.text)
