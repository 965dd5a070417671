"""/setup/import: what people paste is checked first, stays when a row is refused, and can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from nicegui.testing import User
from ui.forms import Form
from ui.harness import Floor, OpenPage, Screen
from ui.services import person_at

from floor.core.errors import InvalidInputError
from floor.plant.machine_plan import PresentMachines
from floor.plant.plant_sheet import Sheet, SheetKind
from floor.plant.sheet_undo import PastImport, UndoOutcome, UndoPlan, UndoStep
from floor.web.orders.file_upload import FileUpload
from floor.web.setup import import_page

TWICE = 'machine\tline\nPress 1\tHall 1\nPress 1\tHall 1\n'
PAST = PastImport(7, SheetKind.MACHINES, datetime(2026, 3, 2, tzinfo=UTC), 'Mike Johnson', 'plant.csv', 2, 0, 0, None,
                  None, True)


def planned(_: Any, sheet: Sheet, *__: Any) -> Any:
    return PresentMachines([], {}, [], {}).plan(sheet.rows)


def press(screen: Screen, label: str) -> None:
    button, = screen.all(label=label)
    screen.click(button)


async def test_rows_are_checked_imported_and_taken_back(shop_floor: Floor, user: User, open_page: OpenPage) -> None:
    sheets: Any = shop_floor.services.sheets
    sheets.answers |= {'past_imports': [], 'dry_run': planned, 'apply': planned}
    import_page.register(shop_floor.services)
    screen = await open_page('/setup/import')
    await user.should_see('Columns for people: first name, last name, e-mail, department, role, active.')
    user.find('Check rows').click()
    await user.should_see('Paste rows first, or choose a file.')

    user.find('Rows from a spreadsheet').type(TWICE)
    user.find('Check rows').click()
    await user.should_see('2 machines: 1 new, 0 changed, 0 unchanged, 1 refused; 1 new line; 0 new types.')
    await user.should_see('this machine is in row 2 already')
    await user.should_see('1 row refused: correct it, then check again. Nothing was changed.')
    await user.should_see(TWICE)

    user.find('Rows from a spreadsheet').clear().type('machine\tline\nPress 1\tHall 1\n')
    user.find('Check rows').click()
    await user.should_see('Import 1 machine')
    sheets.answers['past_imports'] = [PAST]
    user.find('Import 1 machine').click()
    await user.should_see('Imported 1 machine: 1 new')
    assert [name for name, _, _ in sheets.asked if name == 'apply'] == ['apply']
    await user.should_see('plant.csv · Mike Johnson')

    plan = UndoPlan(PAST, (UndoStep('machine', 1, 'Press 1', UndoOutcome.DELETED),), ())
    sheets.answers |= {'undo_plan': plan, 'undo': InvalidInputError('Press 1 was changed since')}
    press(screen, 'Undo')
    await user.should_see('Press 1: deleted')
    press(screen, 'Undo import')
    await user.should_see('Press 1 was changed since.')
    sheets.answers['undo'] = plan
    press(screen, 'Undo import')
    await screen.until(lambda: [arguments[1:] for name, arguments, _ in sheets.asked if name == 'undo'] == [
        (SheetKind.MACHINES, 7)] * 2)


async def test_a_file_is_checked_again_without_any_text(shop_floor: Floor, user: User) -> None:
    sheets: Any = shop_floor.services.sheets
    sheets.answers |= {'past_imports': [], 'dry_run': planned}
    import_page.register(shop_floor.services)
    form = Form(user, await user.open('/setup/import'))
    uploader = next(each for each in form.client.elements.values() if isinstance(each, FileUpload))
    await user.http_client.post(uploader.props['url'], files={'file': ('plant.csv', TWICE.encode())})
    await form.until(lambda: form.says('plant.csv: 2 machines: 1 new'))
    form.press('Check rows')
    await form.until(lambda: [name for name, _, _ in sheets.asked if name == 'dry_run'] == ['dry_run'] * 2)
    await form.until(lambda: form.says('plant.csv: 2 machines: 1 new'))
    assert not form.says('Paste rows first')


async def test_a_reload_restores_no_rows_from_before_the_text_was_too_long(shop_floor: Floor, user: User,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    cast(Any, shop_floor.services.sheets).answers['past_imports'] = []
    import_page.register(shop_floor.services)
    label = 'Rows from a spreadsheet'
    form = Form(user, await user.open('/setup/import'))
    form.fill(label, TWICE)
    form = Form(user, await user.open('/setup/import'))
    await form.until(lambda: form.field(label).value == TWICE)
    monkeypatch.setattr(import_page, 'MAX_DRAFT', len(TWICE))
    form.fill(label, f'{TWICE}Press 2\tHall 1\n')
    form = Form(user, await user.open('/setup/import'))
    assert form.field(label).value == ''


async def test_only_supervisors_get_the_page(shop_floor: Floor, user: User, open_page: OpenPage) -> None:
    import_page.register(shop_floor.services)
    person_at(user, shop_floor.hire('Lisa', 'Garcia', 'technician'))
    shop_floor.publish()
    screen = await open_page('/setup/import')
    assert any(text.startswith('Requires the role supervisor') for text in screen.texts)
