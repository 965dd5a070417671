"""One work order: what its page shows, what it sends, and that two people never overwrite each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest
from nicegui.testing import User
from ui.forms import DONE, HELD, HOSTILE, MOVES, NOW, STARTED, Form, OpenForm, details, work_order
from ui.harness import Floor
from ui.services import person_at

from floor.core.errors import (
    DatabaseUnavailableError,
    EditConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    TooManyChangesError,
)
from floor.core.orders import (
    Attachment,
    ChecklistItem,
    HoldReason,
    OrderId,
    Priority,
    WorkOrder,
    WorkOrderDetails,
    WorkOrderEvent,
)
from floor.core.people import Employee, Identity
from floor.core.rate_limit import ChangeRateLimit
from floor.orders.order_values import UNCHANGED
from floor.orders.upload_queue import MAX_PER_PERSON
from floor.web.orders import reader, work_order_page
from floor.web.orders.file_upload import FileUpload
from floor.web.orders.history import note_of, sentence
from floor.web.shell.frame import FAULT

ID = work_order().id
ADDRESS = f'/work-orders/{ID}'


@pytest.fixture
def page(shop_floor: Floor, user: User, lisa: Employee, monkeypatch: pytest.MonkeyPatch) -> OpenForm:
    """Open the order's page, as Lisa or somebody else."""
    monkeypatch.setattr(reader, 'RETRY_S', 0.02)
    monkeypatch.setattr(reader, 'MIN_INTERVAL_S', 0.0)
    shop_floor.orders.answers |= {'transitions': MOVES, 'details': details(work_order())}
    work_order_page.register(shop_floor.services)

    async def page(by: User | None = None) -> Form:
        browser = by or user
        return Form(browser, await browser.open(ADDRESS))
    return page


def sent(shop_floor: Floor, name: str) -> list[tuple[Any, ...]]:
    return [arguments for called, arguments, _ in shop_floor.orders.asked if called == name]


def event(kind: str, who: str | None = 'Lisa Garcia', **fields: Any) -> WorkOrderEvent:
    known: dict[str, Any] = {'id': 1, 'at': NOW, 'who': who, 'who_email': None, 'kind': kind, 'field': None,
                             'old': None, 'new': None, 'note': None}
    return WorkOrderEvent(**(known | fields))


def announce(shop_floor: Floor, order: WorkOrder, **parts: Any) -> None:
    """The order has changed: the database has it so, and says that it did."""
    shop_floor.orders.answers['details'] = details(order, **parts)
    shop_floor.order(0x3f2a91bc)


async def test_everything_about_it_is_there(shop_floor: Floor, page: OpenForm) -> None:
    order = work_order(status=HELD, hold_reason=HoldReason.PARTS, assignee='Lisa Garcia', assignee_id=1, version=4,
                       recovered_at=NOW - timedelta(hours=1), started_at=NOW - timedelta(minutes=90))
    shop_floor.orders.answers['details'] = details(
        order, events=(event('created', 'Grace Kim'), event('status_changed', field='status', old='open', new='on_hold',
                                                            hold_reason=HoldReason.PARTS, note='hose ordered')),
        checklist=(ChecklistItem(1, 'Lock out', NOW, 'Lisa Garcia'),),
        attachments=(Attachment(7, 'leak.png', 'image/png', 2_500_000, NOW, 'Grace Kim'),))

    form = await page()

    for words in ('Valve 01·01 · 3f2a91bc', 'Oil leak', 'high', 'On hold: waiting for parts', 'Lisa Garcia',
                  'Grace Kim', 'due in 1 h', 'Down: Pin position error', 'Running again since', '2026-11-23 09:42:07',
                  ID, 'Lisa Garcia put it on hold: parts', 'hose ordered', 'Lock out', 'leak.png', '2.4 MB'):
        assert form.says(words), words


async def test_the_machine_beside_it_is_alive(shop_floor: Floor, page: OpenForm) -> None:
    form = await page()
    assert form.says('Running for 10 min')

    shop_floor.change('Valve_01_01', 'down', 'Leak')

    await form.until(lambda: form.says('Down for <1 min'))


async def test_what_others_do_appears_automatically(shop_floor: Floor, page: OpenForm) -> None:
    form = await page()

    announce(shop_floor, work_order(status=DONE, completed_at=NOW, version=2),
             events=(event('status_changed', 'Tom Kowalski', field='status', old='open', new='completed'),))

    await form.until(lambda: form.says('Tom Kowalski completed it'))
    assert form.says('2026-11-23 10:42:07, done in 2 h')  # beside the date of its end, not that on which it was due
    assert form.button('Reopen').enabled


async def test_hostile_text_is_text(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['details'] = details(
        work_order(description=HOSTILE), events=(event('commented', note=HOSTILE),),
        checklist=(ChecklistItem(1, HOSTILE, None, None),),
        attachments=(Attachment(7, HOSTILE, 'application/pdf', 10, NOW, HOSTILE),))

    form = await page()

    assert form.texts.count(HOSTILE) >= 4
    assert not any(element.tag in {'script', 'iframe'} or 'innerHTML' in element.props or 'html' in element.tag
                   for element in form.client.elements.values())


# moves


async def test_an_order_is_started_with_one_click(shop_floor: Floor, page: OpenForm) -> None:
    def move(who: Identity, order_id: OrderId, version: int, move: Any) -> None:
        shop_floor.orders.answers['details'] = details(work_order(status=STARTED, version=2))
    shop_floor.orders.answers['transition'] = move
    form = await page()

    form.press('Start', times=2)

    await form.until(lambda: form.says('In progress'))
    (_, order_id, version, transition), = sent(shop_floor, 'transition')
    assert (order_id, version, transition.to) == (ID, 1, STARTED)


@pytest.mark.parametrize(('button', 'command', 'done'), [
    ('Start', 'transition', work_order(status=STARTED, version=2)),
    ('Take it', 'edit', work_order(assignee='Lisa Garcia', assignee_id=1, version=2))])
async def test_a_button_that_is_pressed_again_before_the_page_shows_what_it_did_does_it_once(
        shop_floor: Floor, page: OpenForm, button: str, command: str, done: WorkOrder) -> None:
    """The second press comes while the command is under way, the third while the page reads what it has done."""
    sending, reading, read = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow_read(_: OrderId) -> WorkOrderDetails:
        reading.set()
        await read.wait()
        return details(done)

    async def slow_command(*_: Any) -> None:
        await sending.wait()
        shop_floor.orders.answers['details'] = slow_read
    shop_floor.orders.answers[command] = slow_command
    form = await page()

    form.press(button)
    await form.until(lambda: sent(shop_floor, command))
    form.press(button)
    sending.set()
    await form.until(reading.is_set)
    form.press(button)
    read.set()

    await form.until(lambda: form.says('In progress') or not form.button('Take it').enabled)
    assert len(sent(shop_floor, command)) == 1


async def test_a_fault_of_the_program_is_shown_where_it_happened(shop_floor: Floor, page: OpenForm, user: User,
                                                                caplog: pytest.LogCaptureFixture) -> None:
    def fault(*_: Any) -> None:
        raise ZeroDivisionError
    shop_floor.orders.answers['transition'] = fault
    form = await page()

    form.press('Start')

    await form.until(lambda: user.notify.messages)
    assert user.notify.messages == [FAULT]
    assert 'ZeroDivisionError' in caplog.text
    caplog.clear()


async def test_a_press_is_not_lost_while_somebody_else_changes_the_order(shop_floor: Floor, page: OpenForm,
                                                                         lisa: Employee) -> None:
    shop_floor.orders.answers['transition'] = lambda *_: None
    form = await page()
    start = form.button('Start')
    announce(shop_floor, work_order(assignee=lisa.name, assignee_id=lisa.id, version=2))
    await form.until(lambda: not form.button('Take it').enabled)

    form.click(start)

    await form.until(lambda: sent(shop_floor, 'transition'))


async def test_a_press_is_not_lost_while_the_page_reads_what_the_last_one_did(shop_floor: Floor,
                                                                              page: OpenForm) -> None:
    """Its change is announced, and shown, before the page has read it for the one who made it."""
    read = asyncio.Event()

    async def slow_read(_: OrderId) -> WorkOrderDetails:
        await read.wait()
        return details(work_order(status=STARTED, version=2))

    def transition(*_: Any) -> None:
        shop_floor.orders.answers['details'] = slow_read
    shop_floor.orders.answers['transition'] = transition
    form = await page()
    form.press('Start')
    await form.until(lambda: shop_floor.orders.answers['details'] is slow_read)
    announce(shop_floor, work_order(status=STARTED, version=2))
    await form.until(lambda: form.says('In progress'))

    form.press('Put on hold')

    await form.until(lambda: form.says('Waiting for'))
    read.set()


async def test_completing_an_order_of_a_machine_that_is_still_down_is_asked_about(shop_floor: Floor,
                                                                                  page: OpenForm) -> None:
    shop_floor.orders.answers['transition'] = None
    shop_floor.change('Valve_01_01', 'down', 'Pin position error')
    form = await page()

    form.press('Complete')

    await form.until(lambda: form.says('Valve 01·01 is still down.'))
    form.fill('Cause: what was wrong', 'Hose worn')
    form.fill('Action: what was done', 'Replaced')
    form.press('Complete anyway')
    await form.until(lambda: sent(shop_floor, 'transition'))


async def test_the_question_follows_the_machine(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.change('Valve_01_01', 'down', 'Pin position error')
    form = await page()
    form.press('Complete')
    await form.until(lambda: form.says('Valve 01·01 is still down.'))

    shop_floor.change('Valve_01_01', 'operational')

    await form.until(lambda: not form.says('Valve 01·01 is still down.') and not form.says('Complete anyway'))


async def test_to_complete_it_cause_and_action_are_asked_for(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['transition'] = None
    form = await page()
    form.press('Complete')
    await form.until(lambda: form.says('Complete 3f2a91bc'))
    form.fill('Cause: what was wrong', 'Hose worn')

    form.press('Complete')
    await form.until(lambda: form.field('Action: what was done').error)
    form.fill('Action: what was done', 'Replaced')
    form.press('Complete')

    await form.until(lambda: sent(shop_floor, 'transition'))
    (_, _, _, move), = sent(shop_floor, 'transition')
    assert (move.to, move.cause, move.action_taken) == (DONE, 'Hose worn', 'Replaced')


async def test_a_refused_move_says_why(shop_floor: Floor, page: OpenForm, user: User) -> None:
    shop_floor.orders.answers['transition'] = InvalidInputError('an order that is completed cannot become in progress',
                                                                'status')
    form = await page()

    form.press('Start')

    await form.until(lambda: user.notify.messages)
    assert user.notify.messages == ['An order that is completed cannot become in progress.']


async def test_a_move_of_an_old_version_says_what_has_changed(shop_floor: Floor, page: OpenForm, user: User) -> None:
    current = work_order(status=HELD, assignee='Tom Kowalski', assignee_id=9, version=2)
    shop_floor.orders.answers['transition'] = EditConflictError('changed', current)
    form = await page()

    form.press('Start')

    await form.until(lambda: user.notify.messages)
    assert user.notify.messages == [
        '3f2a91bc was changed by someone else: status: Open → On hold; assignee: unassigned → Tom Kowalski.']


@pytest.mark.parametrize(('role', 'enabled'), [
    ('viewer', set()), ('operator', {'Add comment'}),
    ('technician', {'Add comment', 'Take it', 'Start', 'Put on hold', 'Complete', 'Edit', 'Add'}),
    ('supervisor', {'Add comment', 'Take it', 'Start', 'Put on hold', 'Complete', 'Edit', 'Add', 'Cancel order'})])
async def test_what_a_role_may_not_do_is_shown_with_the_role_it_needs(shop_floor: Floor, page: OpenForm, user: User,
                                                                      role: str, enabled: Any) -> None:
    person_at(user, shop_floor.hire('Pat', 'Doe', role))
    shop_floor.publish()

    form = await page()

    words = ('Take it', 'Start', 'Put on hold', 'Complete', 'Cancel order', 'Edit', 'Add', 'Add comment')
    buttons = {word: form.button(word) for word in words}
    assert {word for word, button in buttons.items() if button.enabled} == enabled
    assert all('Requires the role' in button.props['title'] for button in buttons.values() if not button.enabled)


async def test_why_is_also_shown_where_nobody_can_hover(page: OpenForm) -> None:
    form = await page()

    assert form.says('Cancel order: Requires the role supervisor; your role is technician.')


async def test_take_it_assigns_me(shop_floor: Floor, page: OpenForm, lisa: Employee) -> None:
    shop_floor.orders.answers['edit'] = None
    form = await page()

    form.press('Take it')

    await form.until(lambda: sent(shop_floor, 'edit'))
    (_, _, version, edit), = sent(shop_floor, 'edit')
    assert (version, edit.assignee_id, edit.description, edit.priority) == (1, lisa.id, UNCHANGED, UNCHANGED)


# editing


async def editing(shop_floor: Floor, page: OpenForm) -> Form:
    form = await page()
    form.press('Edit')
    await form.until(lambda: form.says('Save'))
    return form


async def test_only_what_was_changed_is_sent(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['edit'] = None
    form = await editing(shop_floor, page)
    form.fill('Description', 'Oil leak at the clamp')

    form.press('Save')

    await form.until(lambda: sent(shop_floor, 'edit'))
    (_, _, version, edit), = sent(shop_floor, 'edit')
    assert (version, edit.description, edit.priority, edit.assignee_id) == \
        (1, 'Oil leak at the clamp', UNCHANGED, UNCHANGED)


async def test_two_edit_one_order_and_the_second_decides_field_by_field(shop_floor: Floor, page: OpenForm) -> None:
    form = await editing(shop_floor, page)
    form.fill('Description', 'Mine')
    current = work_order(description='Theirs', priority=Priority.LOW, version=2)
    announce(shop_floor, current, events=(event('changed', 'Tom Kowalski', field='description', old='Oil leak',
                                                new='Theirs'),))
    await form.until(lambda: form.says('Someone else changed this order. When you save'))
    assert form.field('Description').value == 'Mine'

    def edit(who: Identity, order_id: OrderId, version: int, edit: Any) -> WorkOrder:
        if version == 1:
            raise EditConflictError('changed', current)
        return current
    shop_floor.orders.answers['edit'] = edit
    form.press('Save')
    await form.until(lambda: form.says('Your changes are not saved yet'))
    assert form.radio('description').options['theirs'] == 'Theirs (Tom Kowalski, 2026-11-23 10:42:07)'
    assert (form.radio('description').value, form.radio('priority').value) == ('mine', 'theirs')
    assert form.says('Mine') and form.says('Theirs')
    form.press('Save choices')

    await form.until(lambda: len(sent(shop_floor, 'edit')) == 2)
    _, _, version, decided = sent(shop_floor, 'edit')[1]
    assert (version, decided.description, decided.priority) == (2, 'Mine', UNCHANGED)


async def test_who_goes_back_from_a_conflict_has_their_text_still(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['edit'] = EditConflictError('changed', work_order(description='Theirs', version=2))
    form = await editing(shop_floor, page)
    form.fill('Description', 'Mine')
    shop_floor.orders.answers['details'] = details(work_order(description='Theirs', version=2))
    form.press('Save')
    await form.until(lambda: form.says('Your changes are not saved yet'))

    form.press('Back to editing')

    await form.until(lambda: form.says('Not saved: someone else changed this order.'))
    assert form.field('Description').value == 'Mine'
    assert len(sent(shop_floor, 'edit')) == 1


async def test_an_edit_outlives_a_reload_with_the_version_it_was_made_from(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['edit'] = None
    form = await editing(shop_floor, page)
    form.fill('Description', 'Mine')
    shop_floor.orders.answers['details'] = details(work_order(priority=Priority.LOW, version=5))

    form = await page()  # a reload, and somebody was faster

    assert form.field('Description').value == 'Mine'
    assert form.says('Your unsaved changes were restored.')
    form.press('Save')
    await form.until(lambda: sent(shop_floor, 'edit'))
    (_, _, version, edit), = sent(shop_floor, 'edit')
    assert (version, edit.description, edit.priority) == (1, 'Mine', UNCHANGED)


async def test_a_deactivated_person_is_not_offered(shop_floor: Floor, page: OpenForm, user: User) -> None:
    mike = shop_floor.hire('Mike', 'Johnson', 'supervisor')
    shop_floor.hire('Tom', 'Left', active=False)
    shop_floor.publish()
    person_at(user, mike)

    form = await editing(shop_floor, page)

    assert sorted(form.field('Assignee').options.values()) == ['Lisa Garcia', 'Mike Johnson']


# comments


async def test_a_comment_is_kept_until_it_is_sent_and_sent_once_by_the_same_name(shop_floor: Floor,
                                                                                 page: OpenForm) -> None:
    shop_floor.orders.answers['comment'] = DatabaseUnavailableError('the database does not answer')
    form = await page()
    form.fill('Comment', 'Hose is here')
    form.press('Add comment')
    await form.until(lambda: form.says('The database does not answer. What you typed is kept.'))

    form = await page()
    assert form.field('Comment').value == 'Hose is here'
    shop_floor.orders.answers['comment'] = None
    form.press('Add comment', times=2)
    await form.until(lambda: form.field('Comment').value == '')

    (*_, text, first), (*_, second) = sent(shop_floor, 'comment')
    assert (text, first) == ('Hose is here', second)


async def test_who_says_too_much_learns_how_long_to_wait(shop_floor: Floor, page: OpenForm) -> None:
    limit, who = ChangeRateLimit(60), Identity('Mike', None)
    with pytest.raises(TooManyChangesError) as refused:
        for _ in range(100):
            limit.take(who)
    shop_floor.orders.answers['comment'] = refused.value
    form = await page()
    form.fill('Comment', 'Hello')

    form.press('Add comment')

    await form.until(lambda: form.says(
        'More than 60 changes within a minute. Wait 1 s and try again.'))
    assert form.field('Comment').value == 'Hello'


async def test_a_refused_comment_says_why(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['comment'] = NotAllowedError('requires the role operator; your role is viewer')
    form = await page()
    form.fill('Comment', 'Hello')

    form.press('Add comment')

    await form.until(lambda: form.says('Requires the role operator; your role is viewer.'))


@pytest.mark.parametrize(('fields', 'words'), [
    ({'kind': 'created'}, 'Lisa Garcia reported it'),
    ({'kind': 'status_changed', 'old': 'on_hold', 'new': 'in_progress'}, 'Lisa Garcia resumed it'),
    ({'kind': 'status_changed', 'old': 'open', 'new': 'on_hold', 'hold_reason': HoldReason.VENDOR},
     'Lisa Garcia put it on hold: the vendor'),
    ({'kind': 'status_changed', 'old': 'cancelled', 'new': 'open'}, 'Lisa Garcia reopened it'),
    ({'kind': 'status_changed', 'old': 'on_hold', 'new': 'open'}, 'Lisa Garcia gave it back'),
    ({'kind': 'changed', 'field': 'priority', 'old': 'low', 'new': 'high'},
     'Lisa Garcia changed the priority from low to high'),
    ({'kind': 'changed', 'field': 'assignee', 'new': 'Lisa Garcia'}, 'Lisa Garcia took it'),
    ({'kind': 'changed', 'field': 'assignee', 'new': 'Tom'}, 'Lisa Garcia assigned it to Tom'),
    ({'kind': 'changed', 'field': 'assignee', 'old': 'Tom'}, 'Lisa Garcia unassigned Tom'),
    ({'kind': 'checklist', 'field': 'done', 'old': 'Test', 'new': 'Test'}, 'Lisa Garcia completed the step “Test”'),
    ({'kind': 'attached', 'new': 'leak.png'}, 'Lisa Garcia attached leak.png'),
    ({'kind': 'recovered', 'new': '2026-11-23 10:42:07.5+00'},
     'The machine has been running again since 2026-11-23 10:42:07'),
    ({'kind': 'recovered', 'new': 'some day'}, 'The machine has been running again since some day')])
async def test_what_happened_is_a_sentence(fields: dict[str, Any], words: str) -> None:
    assert sentence(event(**fields), UTC) == words


@pytest.mark.parametrize(('fields', 'text'), [
    ({'new': 'completed', 'cause': 'Seal worn\nand cracked', 'action_taken': 'Replaced', 'note': 'Watch it'},
     'Cause: Seal worn\nand cracked\nAction: Replaced\nWatch it'),
    ({'new': 'on_hold', 'hold_reason': HoldReason.VENDOR, 'note': 'parts\nand people'}, 'parts\nand people'),
    ({'new': 'on_hold', 'hold_reason': HoldReason.VENDOR}, ''),
    ({'new': 'cancelled', 'cancel_reason': 'Reported twice', 'note': 'See the other'}, 'Reported twice\nSee the other'),
    ({'kind': 'commented', 'note': 'Cause: unknown'}, 'Cause: unknown')])
async def test_under_the_sentence_stands_what_somebody_wrote(fields: dict[str, Any], text: str) -> None:
    assert note_of(event(**{'kind': 'status_changed'} | fields)) == text


# when there is nothing to show


async def test_an_order_that_is_not_there(shop_floor: Floor, page: OpenForm, user: User) -> None:
    shop_floor.orders.answers['details'] = NotFoundError('there is no work order')

    response = await user.http_client.get(ADDRESS)

    assert response.status_code == 404
    assert f'There is no work order {ID}.' in response.text


async def test_a_database_that_is_away_is_reported_and_the_order_comes_back_automatically(shop_floor: Floor,
                                                                                          page: OpenForm) -> None:
    shop_floor.orders.answers['details'] = DatabaseUnavailableError('the database does not answer at db:5432')
    form = await page()
    await form.until(lambda: form.says('Waiting for the database.'))
    assert form.says('The database does not answer at db:5432.')

    shop_floor.orders.answers['details'] = details(work_order())

    await form.until(lambda: form.says('Oil leak'))
    shop_floor.orders.answers['details'] = DatabaseUnavailableError('the database does not answer at db:5432')
    shop_floor.order(0x3f2a91bc)
    await form.until(lambda: form.says('What you see may be out of date'))
    assert form.says('Oil leak')


# attachments


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(('media_type', 'place'), [('image/png', 'inline'), ('application/pdf', 'attachment')])
async def test_a_file_is_sent_as_what_it_is_and_can_do_nothing(shop_floor: Floor, page: OpenForm, user: User,
                                                               media_type: str, place: str) -> None:
    shop_floor.orders.answers['attachment'] = Attachment(7, 'leak "é".x', media_type, 3, NOW, 'Grace Kim')
    shop_floor.orders.content = lambda *_: in_pieces(b'ab', b'c')

    response = await user.http_client.get(f'{ADDRESS}/attachments/7')

    assert (response.status_code, response.content) == (200, b'abc')
    assert response.headers['content-type'] == media_type
    suffix = '.png' if place == 'inline' else '.pdf'
    assert response.headers['content-disposition'] == (
        f'{place}; filename="leak ___.x{suffix}"; filename*=UTF-8\'\'leak%20_%C3%A9_.x{suffix}')
    assert response.headers['x-content-type-options'] == 'nosniff'
    assert 'sandbox' in response.headers['content-security-policy']


async def test_who_sends_too_many_files_at_once_reads_what_to_do(shop_floor: Floor, page: OpenForm, user: User,
                                                                 lisa: Employee) -> None:
    shop_floor.orders.answers['attach'] = None
    form = await page()
    uploader = next(each for each in form.client.elements.values() if isinstance(each, FileUpload))

    async def send() -> httpx.Response:
        return await user.http_client.post(uploader.props['url'], files={'file': ('leak.pdf', b'%PDF-1.7')})

    async with AsyncExitStack() as stack:
        for _ in range(MAX_PER_PERSON):
            await stack.enter_async_context(shop_floor.services.uploads.slot(Identity('Lisa', lisa.email), None, 10))
        assert (await send()).status_code == 429
    await form.until(lambda: form.says('You are already sending 50 files, the maximum for one person'))
    assert sent(shop_floor, 'attach') == []

    assert (await send()).status_code == 200
    assert [arguments[1:] for arguments in sent(shop_floor, 'attach')] == [(ID, 'leak.pdf', b'%PDF-1.7')]
    assert shop_floor.services.uploads.uploads == 0


async def test_a_file_that_is_refused_before_the_browser_says_that_it_sends_stays_refused_until_the_next_choice(
        shop_floor: Floor, page: OpenForm, user: User) -> None:
    """Files and messages take different ways."""
    shop_floor.orders.answers['attach'] = InvalidInputError('this picture is damaged')
    form = await page()
    uploader = next(each for each in form.client.elements.values() if isinstance(each, FileUpload))
    refused = 'leak.png: This picture is damaged.'

    await user.http_client.post(uploader.props['url'], files={'file': ('leak.png', b'x')})
    await form.until(lambda: form.says(refused))
    start, = (each for each in uploader._event_listeners.values() if each.type == 'start')
    form.client.handle_event({'id': uploader.id, 'listener_id': start.id, 'args': []})
    assert form.says(refused)

    form.press('Take a photo')
    assert not form.says(refused)


@pytest.mark.usefixtures('page')
async def test_a_thumbnail_may_be_kept_and_is_asked_for_once(shop_floor: Floor, user: User) -> None:
    shop_floor.orders.answers['thumbnail'] = b'small'
    first = await user.http_client.get(f'{ADDRESS}/attachments/7/thumbnail')

    assert (first.content, first.headers['content-type']) == (b'small', 'image/jpeg')
    assert first.headers['cache-control'] == 'private, max-age=31536000, immutable'
    assert first.headers['x-content-type-options'] == 'nosniff'
    assert 'sandbox' in first.headers['content-security-policy']
    known = {'If-None-Match': first.headers['etag']}
    assert (await user.http_client.get(f'{ADDRESS}/attachments/7/thumbnail', headers=known)).status_code == 304
    shop_floor.orders.answers['thumbnail'] = b''  # a file that is no picture after all
    instead = await user.http_client.get(f'{ADDRESS}/attachments/7/thumbnail')
    assert (instead.status_code, instead.headers['content-type']) == (200, 'image/svg+xml')
    shop_floor.orders.answers['thumbnail'] = NotFoundError('there is no such picture')
    assert (await user.http_client.get(f'{ADDRESS}/attachments/7/thumbnail')).status_code == 404


@pytest.mark.parametrize(('answer', 'number', 'status'), [
    (NotFoundError('there is no such attachment'), '8', 404), (NotFoundError('no'), 'x', 404),
    (NotFoundError('no'), '²', 404),
    (DatabaseUnavailableError('the database does not answer'), '7', 503)])
@pytest.mark.usefixtures('page')
async def test_a_file_that_cannot_be_sent(shop_floor: Floor, user: User, answer: Any, number: str, status: int) -> None:
    shop_floor.orders.answers['attachment'] = answer

    assert (await user.http_client.get(f'{ADDRESS}/attachments/{number}')).status_code == status


