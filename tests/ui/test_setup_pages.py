"""The pages of /setup: the sections, and who gets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from nicegui import core, ui
from nicegui.testing import User
from nicegui.testing.user_navigate import UserNavigate
from ui.forms import Form
from ui.harness import Floor, OpenPage
from ui.services import person_at

from floor.core.access_keys import AccessKey, KeyKind
from floor.core.errors import DatabaseUnavailableError, EditConflictError
from floor.core.people import Identity, Person, Role
from floor.core.plant_calendar import PlantSettings, Weekday
from floor.plant.machine_commands import MachineEdit
from floor.plant.plant_items import PlantMachine, ProductionLine
from floor.plant.plant_settings import PlantSettingsEdit
from floor.web.live.live_view import LiveView
from floor.web.setup import import_page, machines_page, overview, plant_page
from floor.web.setup.access import page as access_page
from floor.web.setup.frame import SECTIONS
from floor.web.setup.machine_list import MachineFilter
from floor.web.shell.frame import frame

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


async def test_supervisors_get_all_sections_and_others_a_sentence(shop_floor: Floor, user: User,
                                                                  open_page: OpenPage) -> None:
    setup: Any = shop_floor.services.setup
    setup.answers |= {'lines': [], 'machines': [], 'machine_types': []}
    overview.register(shop_floor.services)
    screen = await open_page('/setup')
    links = {element['text']: element['props'] for element in screen.of_class('setup-section')}
    assert {name: link['href'] for name, link in links.items()} == SECTIONS
    assert [name for name, link in links.items() if link.get('aria-current') == 'page'] == ['Overview']
    assert 'Setup' in [element['text'] for element in screen.of_class('bar-link')]

    person_at(user, shop_floor.hire('Lisa', 'Garcia', 'technician'))
    shop_floor.publish()
    screen = await open_page('/setup')
    assert screen.of_class('setup-section') == []
    assert 'Setup' not in [element['text'] for element in screen.of_class('bar-link')]
    assert any(text.startswith('Requires the role supervisor; your role is technician.') for text in screen.texts)


@pytest.fixture
def commands(shop_floor: Floor) -> Any:
    """The commands; settings answers what was saved last."""
    saved = PlantSettings('Werk Süd')

    def edit(_: Identity, version: int, edit: Any) -> PlantSettings:
        nonlocal saved
        if version != saved.version:
            raise EditConflictError('Lisa Garcia changed the settings of the plant', saved)
        saved = PlantSettings(edit.name, ZoneInfo(edit.time_zone), edit.first_weekday, edit.day_start, version + 1)
        show(shop_floor, saved)
        return saved
    setup: Any = shop_floor.services.setup
    setup.answers |= {'settings': lambda: saved, 'edit_settings': edit}
    show(shop_floor, saved)
    plant_page.register(shop_floor.services)
    return setup


def show(shop_floor: Floor, plant: PlantSettings) -> None:
    """The listener reads these settings."""
    shop_floor.plant = plant
    shop_floor.publish()


def heading(screen: Any) -> str:
    return screen.of_class('bar-name')[0]['text']


async def test_a_supervisor_sets_the_plants_name_zone_and_week_and_takes_it_back(
        commands: Any, user: User, open_page: OpenPage) -> None:
    floor, form = await open_page('/'), Form(user, await user.open('/setup/plant'))
    assert heading(floor) == 'Werk Süd'
    await form.until(lambda: form.field('Name').value == 'Werk Süd')
    assert form.field('Time zone').options['Asia/Kathmandu'].endswith('(UTC+05:45)')
    form.fill('Name', 'プラント 7')
    form.fill('First day of the week', Weekday.SUNDAY.value)
    form.fill('Start of the production day', '06:00')
    form.press('Save')
    await floor.until(lambda: heading(floor) == 'プラント 7')
    assert commands.asked[-1][1][1:] == (1, PlantSettingsEdit('プラント 7', 'UTC', Weekday.SUNDAY, time(6)))
    await form.until(lambda: form.says('Saved'))
    form.press('Undo')
    await form.until(lambda: form.says('Taken back'))
    await floor.until(lambda: heading(floor) == 'Werk Süd')
    assert form.field('First day of the week').value == Weekday.MONDAY.value
    assert form.field('Start of the production day').value == '00:00'


async def test_on_a_demo_the_set_up_says_that_it_goes_with_the_demo(shop_floor: Floor, commands: Any,
                                                                   open_page: OpenPage) -> None:
    shop_floor.is_demo = True
    shop_floor.publish()
    screen = await open_page('/setup/plant')
    note, = screen.of_class('setup-demo')
    assert 'hidden' not in note['class']
    assert 'This floor is a demo: what you set up here is removed with it.' in screen._texts_within(note)
    shop_floor.is_demo = False
    shop_floor.publish()
    await screen.until(lambda: 'hidden' in screen.of_class('setup-demo')[0]['class'])


async def test_what_is_typed_stays_when_somebody_else_saves_and_is_not_saved_over_it(
        shop_floor: Floor, commands: Any, user: User) -> None:
    form = Form(user, await user.open('/setup/plant'))
    await form.until(lambda: form.field('Name').value == 'Werk Süd')
    commands.answers['edit_settings'](None, 1, PlantSettingsEdit('Werk Nord', 'UTC', Weekday.MONDAY, time()))
    await form.until(lambda: form.field('Name').value == 'Werk Nord')
    form.fill('Name', 'Mine')
    commands.answers['edit_settings'](None, 2, PlantSettingsEdit('Werk West', 'UTC', Weekday.MONDAY, time()))
    assert form.field('Name').value == 'Mine'
    form.press('Save')
    await form.until(lambda: form.says('Lisa Garcia changed the settings of the plant'))
    assert form.field('Name').value == 'Mine'
    form.press('Save')
    await form.until(lambda: form.says('Saved'))
    assert commands.asked[-1][1][1] == 3
    assert form.field('Name').value == 'Mine'


async def test_a_reload_keeps_what_was_typed_and_a_save_what_others_changed_meanwhile(
        shop_floor: Floor, commands: Any, user: User) -> None:
    form = Form(user, await user.open('/setup/plant'))
    await form.until(lambda: form.field('Name').value == 'Werk Süd')
    form.fill('Name', 'Mine')
    commands.answers['edit_settings'](None, 1, PlantSettingsEdit('Werk Nord', 'UTC', Weekday.MONDAY, time()))
    again = Form(user, await user.open('/setup/plant'))
    await again.until(lambda: again.field('Name').value == 'Mine')
    again.press('Save')
    await again.until(lambda: again.says('Lisa Garcia changed the settings of the plant'))
    again.press('Save')
    await again.until(lambda: again.says('Saved'))
    clean = Form(user, await user.open('/setup/plant'))
    await clean.until(lambda: clean.field('Name').value == 'Mine')
    clean.fill('Name', 'Mine')
    assert [arguments[1] for name, arguments, _ in commands.asked if name == 'edit_settings'] == [1, 2]


async def test_a_reload_keeps_the_rows_that_were_pasted(shop_floor: Floor, user: User) -> None:
    sheets: Any = shop_floor.services.sheets
    sheets.answers |= {'past_imports': []}
    import_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/import'))
    form.fill('Rows from a spreadsheet', 'machine\nPress 1')
    again = Form(user, await user.open('/setup/import'))
    await again.until(lambda: again.field('Rows from a spreadsheet').value == 'machine\nPress 1')
    again.fill('Rows from a spreadsheet', '')
    empty = Form(user, await user.open('/setup/import'))
    await empty.until(lambda: empty.client.has_socket_connection)
    assert empty.field('Rows from a spreadsheet').value == ''


async def test_the_floor_shows_another_zone_and_pages_with_windows_are_loaded_again(
        shop_floor: Floor, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with an open dialog waits until it is closed."""
    loaded = list[Any]()
    monkeypatch.setattr(UserNavigate, 'reload', lambda _: loaded.append(ui.context.client))

    @ui.page('/with-times')
    def page_with_times() -> None:
        view = LiveView(ui.context.client, lambda: None)
        with frame('Times', shop_floor.services, view, Person('Mike', None, Role.SUPERVISOR)):
            ui.label(str(shop_floor.services.zone))
        shop_floor.broadcast.join(view)

    shop_floor.publish()
    floor, times, busy = await open_page('/'), await open_page('/with-times'), await open_page('/with-times')
    with busy.client:
        dialog = ui.dialog(value=True)
    show(shop_floor, PlantSettings('Named', version=2))
    await times.until(lambda: heading(times) == 'Named')
    assert loaded == []
    show(shop_floor, PlantSettings('Named', ZoneInfo('Asia/Kathmandu'), version=3))
    await floor.until(lambda: floor.of_class('clock')[0]['text'].endswith(' Kathmandu'))
    assert floor.of_class('clock')[0]['text'].startswith('16:27:')
    assert loaded == [times.client]
    await busy.until(lambda: busy.of_class('calendar-change') != [])
    dialog.close()
    assert loaded == [times.client, busy.client]


async def test_two_quick_moves_of_a_machine_are_two_steps(shop_floor: Floor, user: User) -> None:
    """The second is of the place that the first has led to, also where it is pressed before that is shown."""
    machines = [PlantMachine(number, name, 'valve', 1, 'Hall', number, NOON, None, 1, True)
                for number, name in enumerate('ABC', 1)]

    def edit(_: Identity, machine_id: int, version: int, edit: MachineEdit) -> PlantMachine:
        assert isinstance(edit.position, int)
        machine = next(each for each in machines if each.id == machine_id)
        assert machine.version == version
        machines.remove(machine)
        machines.insert(edit.position - 1, replace(machine, position=edit.position, version=version + 1))
        return machines[edit.position - 1]
    setup: Any = shop_floor.services.setup
    setup.answers |= {'lines': [ProductionLine(1, '01', 'Hall', None, 1, 1, 3)], 'machine_types': [],
                      'edit_machine': edit,
                      'machines': lambda *, retired=False: [] if retired else list(machines)}
    machines_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/machines'))
    await form.until(lambda: down_of(form, 'A'))

    for _ in range(2):
        press(form, down_of(form, 'A')[0])

    await form.until(lambda: [each.name for each in machines] == ['B', 'C', 'A'])


async def test_a_display_name_is_given_searched_and_taken_back(shop_floor: Floor, user: User) -> None:
    saved = PlantMachine(1, 'PR-0417', 'valve', None, None, 1, NOON, None, 1, True)

    def edit(_: Identity, machine_id: int, version: int, edit: MachineEdit) -> PlantMachine:
        nonlocal saved
        saved = replace(saved, version=version + 1, display_name=cast(str, edit.display_name))
        return saved
    setup: Any = shop_floor.services.setup
    setup.answers |= {'lines': [], 'machine_types': [], 'edit_machine': edit,
                      'machines': lambda *, retired=False: [] if retired else [saved]}
    machines_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/machines'))
    await form.until(lambda: down_of(form, 'PR-0417'))

    next(each for each in form.client.elements.values() if isinstance(each, ui.input)
         and each.props.get('aria-label') == 'Display name of PR-0417').set_value('Presse am Tor')
    form.press('Save')
    await form.until(lambda: form.says('PR-0417 is shown as Presse am Tor.'))
    form.press('Undo')
    await form.until(lambda: form.says('Taken back: PR-0417 is shown as Presse am Tor.'))

    assert saved == replace(saved, name='PR-0417', display_name=None, version=3)
    assert MachineFilter('TOR').matches(replace(saved, display_name='Presse am Tor'))


def down_of(form: Form, name: str) -> list[ui.element]:
    return [each for each in form.client.elements.values() if each.props.get('aria-label') == f'Move {name} down']


def press(form: Form, element: ui.element) -> None:
    for listener in list(element._event_listeners.values()):
        if listener.type == 'click':
            form.client.handle_event({'id': element.id, 'listener_id': listener.id, 'args': []})


def without_keys(shop_floor: Floor) -> Any:
    """Nobody has access yet."""
    access: Any = shop_floor.services.access
    for keys in access.tokens, access.stations, access.walls, access.invitations:
        keys.answers['listed'] = []
    cast(Any, shop_floor.services.setup).answers['lines'] = []
    access.sessions.answers['sessions'], access.pins.answers['owners'] = [], set()
    return access


@pytest.mark.parametrize(('address', 'is_here'), [
    ('http://localhost:8000', True), ('http://127.0.0.1:8000', True), ('http://192.0.2.7:8000', False)])
async def test_who_makes_links_at_localhost_hears_that_others_cannot_open_them(
        shop_floor: Floor, user: User, address: str, is_here: bool) -> None:
    without_keys(shop_floor)
    access_page.register(shop_floor.services)
    browser = User(httpx.AsyncClient(transport=httpx.ASGITransport(core.app), base_url=address))
    form = Form(browser, await browser.open('/setup/access'))
    await form.until(lambda: form.says('Invitations'))
    assert form.says('open on this machine alone') == is_here


async def test_the_access_page_follows_a_link_that_is_used(shop_floor: Floor, user: User,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that stay keep their elements, and with them the focus."""
    monkeypatch.setattr(access_page, 'FOLLOW_S', 0.05)
    access = without_keys(shop_floor)
    tom, eva = (AccessKey(number, KeyKind.INVITATION, name, 'Mike', NOON, expires_at=NOON)
                for number, name in ((1, 'Tom'), (2, 'Eva')))
    access.invitations.answers['listed'] = [tom, eva]
    access_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/access'))

    def buttons() -> dict[str, int]:
        return {each.props['aria-label']: each.id for each in form.client.elements.values()
                if str(each.props.get('aria-label', '')).startswith('Revoke ')}
    await form.until(lambda: set(buttons()) == {'Revoke Tom', 'Revoke Eva'})
    before = buttons()
    access.invitations.answers['listed'] = [replace(tom, is_expired=True), eva]
    await form.until(lambda: form.says('has expired'))
    assert buttons() == before
    access.invitations.answers['listed'] = [eva]
    await form.until(lambda: set(buttons()) == {'Revoke Eva'})
    assert buttons() == {'Revoke Eva': before['Revoke Eva']}


async def test_a_panel_that_could_not_be_loaded_keeps_its_message(shop_floor: Floor, user: User,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an alert: each time that it is shown again, a screen reader reads it."""
    monkeypatch.setattr(access_page, 'FOLLOW_S', 0.01)
    access = without_keys(shop_floor)
    access.sessions.answers['sessions'] = DatabaseUnavailableError('the database is away')
    access_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/access'))
    await form.until(lambda: len(access.stations.asked) > 3)  # the others are followed
    assert form.says('Cannot load the sessions.')
    assert len(access.sessions.asked) == 1
