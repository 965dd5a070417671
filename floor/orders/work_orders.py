"""Commands and questions about work orders.

Each command is one transaction: it looks up what who asks may do, locks the order, compares its version, and writes.
Which transitions are allowed and what they need: sql/migrations/0002_work_orders.sql and sql/functions. Their refusals
are passed on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final

from ..core.errors import EditConflict, InvalidInput, NotFound, OrderAlreadyOpenError, ReferenceReusedError
from ..core.model import (
    AllowedTransition,
    Attachment,
    DueTime,
    HoldReason,
    Identity,
    MachineName,
    Person,
    Priority,
    Role,
    WorkOrder,
    WorkOrderDetails,
    WorkOrderEvent,
    WorkOrderStatus,
)
from ..core.text import LONG_TEXT, TEXT, clean_reference, clean_text, exact_name, one_line
from ..db.database import Connection, Database
from ..db.transactions import LARGEST_ID, command, logged, reading
from .employees import Employees, require
from .pictures import Pictures
from .work_order_files import clean_file_name, digest_of_file, is_picture, media_type, named_as
from .work_order_rows import to_attachment, to_due_time, to_item, to_order, to_order_event, to_transition, what_changed

LONGEST_NAME = 200
LONGEST_ITEM = 500
MOST_ITEMS = 100
LONGEST_ID = 50
PIECE = 64 * 1024
"""Bytes of an attachment that are read at once."""
MOST_ATTACHMENTS = 50
EARLIEST_REPORT = datetime(2000, 1, 1, tzinfo=UTC)
NO_TIME_OF_A_REPORT = 'the time of the report is not between the year 2000 and now'
CLOCKS_DIFFER = timedelta(hours=1)
NOBODY_TO_START = ('this order is assigned to nobody, and you are not one of the employees: assign it before it is '
                   'started')
SHORTEST_DUE, LONGEST_DUE = timedelta(minutes=1), timedelta(days=365)


class Unchanged(Enum):
    """The value of what an edit leaves as it is."""

    UNCHANGED = 'unchanged'


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A work order to be. priority None: high for a machine that is down, else medium. reporter_name None: who asks.
    client_reference: the same of one person twice is one order. reported_at None: now. checklist: the texts of its
    items. even_if_open: also where an order is open for the machine's present stop."""

    machine: MachineName
    description: str
    priority: Priority | None = None
    assignee_id: int | None = None
    reporter_name: str | None = None
    client_reference: str | None = None
    reported_at: datetime | None = None
    checklist: tuple[str, ...] = ()
    even_if_open: bool = True


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """New values; assignee_id None: nobody."""

    description: str | Unchanged = UNCHANGED
    priority: Priority | Unchanged = UNCHANGED
    assignee_id: int | Unchanged | None = UNCHANGED


@dataclass(frozen=True, slots=True)
class Transition:
    """The status that an order gets, and what the new status needs; a note goes with any."""

    to: WorkOrderStatus
    hold_reason: HoldReason | None = None
    cause: str = ''
    action_taken: str = ''
    cancel_reason: str = ''
    note: str = ''


class WorkOrders:
    """Everything that is done to single orders. Every method may raise DatabaseUnavailable; those that name who asks
    NotAllowed, TooManyChanges, InvalidInput and, for an id that is none, NotFound. The fields that InvalidInput names
    are columns."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees
        self._pictures = Pictures()
        self._making_thumbnail = asyncio.Lock()

    # orders

    async def create(self, who: Identity, new: NewOrder) -> WorkOrder:
        """A new order, or the one that this client reference of theirs has made before: see `create_once`."""
        return (await self.create_once(who, new))[0]

    async def create_once(self, who: Identity, new: NewOrder) -> tuple[WorkOrder, bool]:
        """A new order and true, or the one that this client reference of theirs has made before and false.

        Needs an operator; a technician to take it oneself, a supervisor to assign it to somebody else.

        :raises OrderAlreadyOpenError: the stop has an order, and `even_if_open` is false
        :raises ReferenceReusedError: the reference has made an order before, from other values
        """
        values = _checked(new)
        items = _checked_items(new.checklist)
        async with logged('work order reported', who) as said, command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.OPERATOR)
            if new.reported_at is not None:
                _check_report(new.reported_at, await self._queries.database_time(connection))
            if values['client_reference'] and (earlier := await self._made_before(connection, values)):
                return earlier, False
            self._require_to_assign(person, None, new.assignee_id)
            if not new.even_if_open:
                await self._refuse_second(connection, new.machine)
            row = await self._queries.create_work_order(connection, **_reporter(person, values))
            if row is None:  # somebody else was faster, and has committed by now
                earlier = await self._made_before(connection, values)
                assert earlier is not None  # noqa: S101 (orders are never deleted)
                return earlier, False
            if items:
                await self._queries.add_work_order_items(connection, id=row['id'], texts=items)
            said |= {'order': row['id'], 'machine': new.machine, 'priority': row['priority']}
            return to_order(row), True

    async def get(self, id: str) -> WorkOrder:
        """One order.

        :raises NotFound:
        """
        async with reading(self._database) as connection:
            return await self._get(connection, id)

    async def details(self, id: str) -> WorkOrderDetails:
        """One order with all that belongs to it, as it was at one moment.

        :raises NotFound:
        """
        async with reading(self._database) as connection:
            order = await self._get(connection, id)
            events = await self._events(connection, id)
            items = [to_item(row) async for row in self._queries.work_order_checklist(connection, id=id)]
            files = [to_attachment(row) async for row in self._queries.work_order_attachments(connection, id=id)]
        return WorkOrderDetails(order, events, tuple(items), tuple(files))

    async def edit(self, who: Identity, id: str, version: int, edit: OrderEdit) -> WorkOrder:
        """Change what an order says, or who does it.

        Needs a technician, or an operator who reported it; assigning it to or taking it from others a supervisor.

        :raises EditConflict: somebody has changed the order since that version
        """
        description = edit.description
        if description is not UNCHANGED:
            description = clean_text(description, 'issue_description', LONG_TEXT)
        if edit.assignee_id not in (UNCHANGED, None):
            _checked_assignee(edit.assignee_id)
        async with logged('work order changed', who, order=id), self._changing(who, id) as (connection, person, order):
            if (description, edit.priority) != (UNCHANGED, UNCHANGED):
                require(person, _needed_by_reporter(person, order), 'changing an order')
            assignee_id = order.assignee_id if edit.assignee_id is UNCHANGED else edit.assignee_id
            self._require_to_assign(person, order.assignee_id, assignee_id)
            require(person, Role.OPERATOR, 'changing an order')
            await self._refuse_late(connection, order, version)
            row = await self._queries.edit_work_order(
                connection, id=id, version=version, assignee_id=assignee_id,
                issue_description=order.description if description is UNCHANGED else description,
                priority=order.priority if edit.priority is UNCHANGED else edit.priority)
            return to_order(row)

    async def transition(self, who: Identity, id: str, version: int, transition: Transition) -> WorkOrder:
        """Give an order another status. Needs the role that the table of transitions says.

        Starting an unassigned order assigns it to the person who starts it; who is no employee has to assign it first.

        :raises EditConflict: somebody has changed the order since that version
        """
        words = {name: clean_text(getattr(transition, name), name, TEXT, required=False) or None
                 for name in ('cause', 'action_taken', 'cancel_reason', 'note')}
        async with (logged('work order status changed', who, order=id, to=transition.to.value),
                    self._changing(who, id) as (connection, person, order)):
            row = await self._queries.work_order_transition(
                connection, from_status=order.status, to_status=transition.to)
            needed = Role.TECHNICIAN if row is None else to_transition(row).role
            require(person, needed, f'making an order {transition.to.word.lower()}')
            await self._refuse_late(connection, order, version)
            if order.status is transition.to:
                raise InvalidInput(f'this order is {transition.to.word.lower()} already', 'status')
            await self._queries.set_transition_note(connection, note=words.pop('note') or '')
            takes_it = transition.to is WorkOrderStatus.IN_PROGRESS and order.assignee_id is None
            if takes_it and person.employee_id is None:
                raise InvalidInput(NOBODY_TO_START, 'status')
            row = await self._queries.transition_work_order(
                connection, id=id, version=version, status=transition.to, hold_reason=transition.hold_reason,
                assignee_id=person.employee_id if takes_it else order.assignee_id,
                **{name: text if name in _WORDS_OF.get(transition.to, ()) else None for name, text in words.items()})
            return to_order(row)

    # what belongs to an order

    async def comment(self, who: Identity, id: str, text: str, client_reference: str | None = None
                      ) -> tuple[WorkOrderEvent, ...]:
        """Say something; the same client reference twice is said once: see `comment_once`."""
        return (await self.comment_once(who, id, text, client_reference))[0]

    async def comment_once(self, who: Identity, id: str, text: str, client_reference: str | None
                           ) -> tuple[tuple[WorkOrderEvent, ...], bool]:
        """The order's history with a new comment and true, or false where this client reference of theirs has made it
        before. Needs an operator. It is read before the end of the transaction: when the comment is kept, nothing more
        can fail.

        :raises ReferenceReusedError: the reference has made another comment before
        """
        text, reference = clean_text(text, 'text', LONG_TEXT), clean_reference(client_reference)
        async with (logged('comment on a work order', who, order=id) as said,
                    self._changing(who, id, Role.OPERATOR, 'commenting') as (connection, _, _)):
            row = await self._queries.comment_work_order(connection, id=id, text=text, client_reference=reference)
            if row is None:
                earlier = await self._queries.comment_with_reference(connection, client_reference=reference)
                if (earlier['work_order_id'], earlier['note']) != (id, text):
                    raise ReferenceReusedError('a comment', earlier['note'])
                said.clear()
            return await self._events(connection, id), row is not None

    async def add_item(self, who: Identity, id: str, text: str) -> None:
        """Add to the checklist. Needs a technician, or an operator who reported the order."""
        items = _checked_items([text])
        async with (logged('item added to a checklist', who, order=id),
                    self._changing(who, id) as (connection, person, order)):
            require(person, _needed_by_reporter(person, order), 'changing the checklist')
            await self._queries.add_work_order_items(connection, id=id, texts=items)

    async def check_item(self, who: Identity, id: str, item_id: int, done: bool) -> None:
        """Tick an item of the checklist, or take the tick away. Needs a technician."""
        async with (logged('item of a checklist ticked', who, order=id, done=done),
                    self._changing(who, id, Role.TECHNICIAN, 'ticking the checklist') as (connection, person, _)):
            await self._need_item(connection, id, item_id)
            await self._queries.check_work_order_item(connection, id=id, item_id=item_id, done=done, who=person.name)

    async def remove_item(self, who: Identity, id: str, item_id: int) -> None:
        """Take an item off the checklist; the history keeps it. Needs a technician."""
        async with (logged('item taken off a checklist', who, order=id),
                    self._changing(who, id, Role.TECHNICIAN, 'changing the checklist') as (connection, _, _)):
            await self._need_item(connection, id, item_id)
            await self._queries.remove_work_order_item(connection, id=id, item_id=item_id)

    async def attach(self, who: Identity, id: str, file_name: str, content: bytes) -> Attachment:
        """Keep a photo or PDF with the order: see `attach_once`."""
        return (await self.attach_once(who, id, file_name, content))[0]

    async def attach_once(self, who: Identity, id: str, file_name: str, content: bytes,
                          client_reference: str | None = None) -> tuple[Attachment, bool]:
        """A photo or PDF of at most 10 MiB, kept with the order, and true; or the file that this client reference of
        theirs has attached before, and false. An order holds 50 of them. Needs an operator.

        A photo is kept upright, without its metadata and with a thumbnail; no connection is held meanwhile.

        :raises ReferenceReusedError: the reference has attached another file before
        """
        kind, file_name, reference = media_type(content), clean_file_name(file_name), clean_reference(client_reference)
        digest = None if reference is None else await asyncio.to_thread(digest_of_file, id, file_name, content)
        thumbnail = None
        async with reading(self._database) as connection:  # nothing is decoded twice, or for people who may not attach
            require(await self._employees.act(connection, who), Role.OPERATOR, 'attaching a file')
            await self._get(connection, id)
            if earlier := await self._attached_before(connection, reference, digest):
                return earlier, False
            await self._need_space(connection, id)
        if is_picture(kind):
            picture = await self._pictures.rewritten(content, kind)
            kind, content, thumbnail = picture.media_type, picture.content, picture.thumbnail
            file_name = named_as(file_name, kind)
        async with (logged('file attached to a work order', who, order=id) as said,
                    self._changing(who, id, Role.OPERATOR, 'attaching a file', is_counted=True) as (
                        connection, person, _)):
            earlier = await self._attached_before(connection, reference, digest)
            row = None
            if earlier is None:
                await self._need_space(connection, id)
                row = await self._queries.attach_to_work_order(
                    connection, id=id, file_name=file_name, media_type=kind, content=content, thumbnail=thumbnail,
                    added_by=person.name, client_reference=reference, request_digest=digest)
            if row is not None:
                return to_attachment(row), True
            said.clear()
            earlier = earlier or await self._attached_before(connection, reference, digest)
            assert earlier is not None  # noqa: S101 (attachments are never deleted)
            return earlier, False

    async def attachment(self, id: str, attachment_id: int) -> Attachment:
        """What is known of an attachment.

        :raises NotFound:
        """
        async with reading(self._database) as connection:
            row = await self._queries.work_order_attachment(
                connection, id=id, attachment_id=attachment_id) if _can_be(id, attachment_id) else None
        if row is None:
            raise NotFound('there is no such attachment')
        return to_attachment(row)

    async def content(self, attachment: Attachment, span: range | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of an attachment in pieces: all of them, or these. Between two pieces no connection is held."""
        span = range(attachment.size) if span is None else span
        for first in span[::PIECE]:
            async with reading(self._database) as connection:
                piece = await self._queries.attachment_piece(connection, attachment_id=attachment.id, first=first,
                                                             most=min(PIECE, span.stop - first))
            yield piece

    async def thumbnail(self, id: str, attachment_id: int) -> bytes:
        """A small JPEG of a picture. Empty: its file cannot be read as a picture.

        :raises NotFound: there is no such picture
        """
        kept = await self._kept_thumbnail(id, attachment_id)
        if kept is not None:
            return kept
        async with self._making_thumbnail:  # one file in memory, and each made once, however many look at it
            kept = await self._kept_thumbnail(id, attachment_id)
            return await self._thumbnail_later(id, attachment_id) if kept is None else kept

    async def _kept_thumbnail(self, id: str, attachment_id: int) -> bytes | None:
        async with reading(self._database) as connection:
            row = await self._queries.attachment_thumbnail(
                connection, id=id, attachment_id=attachment_id) if _can_be(id, attachment_id) else None
        if row is None or not is_picture(row['media_type']):
            raise NotFound('there is no such picture')
        kept: bytes | None = row['thumbnail']
        return kept

    async def _thumbnail_later(self, id: str, attachment_id: int) -> bytes:
        """For pictures that were stored without one."""
        file = await self.attachment(id, attachment_id)
        content = b''.join([piece async for piece in self.content(file)])
        try:
            thumbnail = (await self._pictures.rewritten(content, file.media_type)).thumbnail
        except InvalidInput:
            thumbnail = b''
        async with command(self._database) as connection:
            await self._queries.keep_attachment_thumbnail(connection, attachment_id=attachment_id, thumbnail=thumbnail)
        return thumbnail

    # the rules

    async def transitions(self) -> dict[WorkOrderStatus, tuple[AllowedTransition, ...]]:
        """The allowed transitions from every status, in the order of the statuses."""
        async with reading(self._database) as connection:
            transitions = [to_transition(row) async for row in self._queries.work_order_transitions(connection)]
        statuses = list(WorkOrderStatus)
        transitions.sort(key=lambda each: statuses.index(each.to_status))
        return {status: tuple(each for each in transitions if each.from_status is status) for status in statuses}

    async def due_times(self) -> list[DueTime]:
        """How soon orders are due, the most pressing priority first."""
        async with reading(self._database) as connection:
            return [to_due_time(row) async for row in self._queries.work_order_due_times(connection)]

    async def set_due_time(self, who: Identity, priority: Priority, due_within: timedelta) -> None:
        """Have new orders of this priority due that soon: 1 minute to 365 days. Needs a supervisor."""
        if not SHORTEST_DUE <= due_within <= LONGEST_DUE:
            raise InvalidInput('orders can be due within 1 minute to 365 days', 'due_within')
        async with (logged('due time set', who, priority=priority.value, due_within_s=due_within.total_seconds()),
                    command(self._database) as connection):
            await self._employees.authorize(connection, who, Role.SUPERVISOR)
            await self._queries.set_work_order_due_time(connection, priority=priority, due_within=due_within)

    # within a command

    @asynccontextmanager
    async def _changing(self, who: Identity, id: str, needed: Role | None = None, what: str = 'this', *,
                        is_counted: bool = False) -> AsyncIterator[tuple[Connection, Person, WorkOrder]]:
        """The order, locked, and who acts; needed: the role where it does not depend on the order."""
        async with command(self._database) as connection:
            person = await self._employees.act(connection, who, is_counted=is_counted)
            if needed is not None:
                require(person, needed, what)
            row = await self._queries.lock_work_order(connection, id=id) if _can_be(id) else None
            yield connection, person, _found(row, id)

    async def _get(self, connection: Connection, id: str) -> WorkOrder:
        return _found(await self._queries.work_order(connection, id=id) if _can_be(id) else None, id)

    async def _events(self, connection: Connection, id: str) -> tuple[WorkOrderEvent, ...]:
        return tuple([to_order_event(row) async for row in self._queries.work_order_events(connection, id=id)])

    async def _refuse_second(self, connection: Connection, machine: MachineName) -> None:
        await self._queries.lock_machine(connection, machine=machine)
        row = await self._queries.open_work_order_of_stop(connection, machine=machine)
        if row is not None:
            raise OrderAlreadyOpenError(row['id'], to_order(row))

    async def _refuse_late(self, connection: Connection, order: WorkOrder, version: int) -> None:
        if order.version != version:
            rows = [row async for row in self._queries.last_changes_of_work_order(connection, id=order.id)]
            raise EditConflict(what_changed(rows), order)

    async def _made_before(self, connection: Connection, values: dict[str, Any]) -> WorkOrder | None:
        row = await self._queries.work_order_with_reference(connection, client_reference=values['client_reference'])
        if row is None:
            return None
        if row['request_digest'] not in {None, values['request_digest']}:  # none: made by SQL
            raise ReferenceReusedError(row['id'], to_order(row))
        return to_order(row)

    async def _attached_before(self, connection: Connection, reference: str | None, digest: str | None
                               ) -> Attachment | None:
        if reference is None:
            return None
        row = await self._queries.attachment_with_reference(connection, client_reference=reference)
        if row is None:
            return None
        if row['request_digest'] not in {None, digest}:  # none: made by SQL
            raise ReferenceReusedError(f'the attachment {row["file_name"]}', to_attachment(row))
        return to_attachment(row)

    def _require_to_assign(self, person: Person, before: int | None, after: int | None) -> None:
        others = {before, after} - {None, person.employee_id}
        if before == after:
            return
        if after is not None and after == person.employee_id:
            require(person, Role.TECHNICIAN, 'taking an order')
        elif others:
            require(person, Role.SUPERVISOR, 'assigning others')
        else:
            require(person, Role.TECHNICIAN, 'giving an order back')

    async def _need_space(self, connection: Connection, id: str) -> None:
        if len([row async for row in self._queries.work_order_attachments(connection, id=id)]) >= MOST_ATTACHMENTS:
            raise InvalidInput(f'this order has {MOST_ATTACHMENTS} attachments, which is as many as fit', 'content')

    async def _need_item(self, connection: Connection, id: str, item_id: int) -> None:
        if not (_can_be(id, item_id) and await self._queries.has_work_order_item(connection, id=id, item_id=item_id)):
            raise NotFound('that item is not on the checklist any more')


_WORDS_OF = {WorkOrderStatus.COMPLETED: ('cause', 'action_taken'), WorkOrderStatus.CANCELLED: ('cancel_reason',)}


def _checked(new: NewOrder) -> dict[str, Any]:
    """The columns of a new order, as far as they can be checked without the database."""
    if new.reported_at is not None:
        if new.reported_at.tzinfo is None:
            raise InvalidInput('the time of the report needs a time zone', 'timestamp')
        try:
            new.reported_at.astimezone(UTC)
        except OverflowError as error:
            raise InvalidInput(NO_TIME_OF_A_REPORT, 'timestamp') from error
    if new.assignee_id is not None:
        _checked_assignee(new.assignee_id)
    reporter = new.reporter_name
    values = {'machine_id': exact_name(new.machine, 'machine_id', LONGEST_NAME), 'priority': new.priority,
            'issue_description': clean_text(new.description, 'issue_description', LONG_TEXT),
            'assignee_id': new.assignee_id, 'reported_at': new.reported_at,
            'reporter_name': None if reporter is None else exact_name(reporter, 'reporter_name', LONGEST_NAME),
            'client_reference': clean_reference(new.client_reference)}
    asked = {**values, 'client_reference': None, 'checklist': _checked_items(new.checklist)}
    return {**values, 'request_digest': sha256(json.dumps(asked, default=_moment, sort_keys=True).encode()).hexdigest()}


def _moment(value: object) -> str:
    """A time in a digest: the same moment is the same text, whatever its offset."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _check_report(reported_at: datetime, now: datetime) -> None:
    if not EARLIEST_REPORT <= reported_at <= now + CLOCKS_DIFFER:
        raise InvalidInput(NO_TIME_OF_A_REPORT, 'timestamp')


def _reporter(person: Person, values: dict[str, Any]) -> dict[str, Any]:
    """The same with who reported it: who asks, unless another name was said."""
    name = values['reporter_name'] or person.name
    return {**values, 'reporter_name': name, 'reporter_email': person.email if name == person.name else None}


def _checked_items(texts: list[str] | tuple[str, ...]) -> list[str]:
    if len(texts) > MOST_ITEMS:
        raise InvalidInput(f'the checklist has {len(texts)} items; at most {MOST_ITEMS} fit', 'checklist')
    return [one_line(text, 'checklist', LONGEST_ITEM) for text in texts]


def _checked_assignee(id: int) -> None:
    if not 0 < id <= LARGEST_ID:
        raise InvalidInput(f'there is no employee {id}', 'assignee')


def _needed_by_reporter(person: Person, order: WorkOrder) -> Role:
    reported = person.email is not None and person.email == order.reporter_email
    return Role.OPERATOR if reported else Role.TECHNICIAN


def _can_be(id: str, number: int = 1) -> bool:
    """Whether PostgreSQL would take it for an id at all."""
    return id.isascii() and id.isprintable() and len(id) <= LONGEST_ID and 0 < number <= LARGEST_ID


def _found(row: Any, id: str) -> WorkOrder:
    if row is None:
        raise NotFound(f'there is no work order {id[:LONGEST_ID]}')
    return to_order(row)
