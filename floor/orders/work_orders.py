"""Commands on work orders, and reads of single orders.

Each command is one transaction: it checks the caller's role, locks the order, compares its version, and writes. The
database checks the transitions and what they require (sql/functions/22_work_order_changes.sql); its errors are passed
on.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import EditConflictError, InvalidInputError, OrderAlreadyOpenError, ReferenceReusedError
from ..core.machines import MachineName
from ..core.orders import WorkOrder, WorkOrderDetails, WorkOrderStatus
from ..core.people import Identity, Person, Role
from ..core.text import LONG_TEXT, TEXT, clean_text
from ..db.connection import Connection
from ..db.transactions import command, logged, reading
from .employees import require
from .order_attachments import OrderAttachments
from .order_checklist import OrderChecklist
from .order_comments import OrderComments
from .order_rules import OrderRules
from .order_transactions import role_to_change
from .order_values import (
    UNCHANGED,
    NewOrder,
    OrderEdit,
    Transition,
    check_assignee_id,
    check_report_time,
    checked_items,
    checked_order,
    with_reporter,
)
from .work_order_rows import to_attachment, to_item, to_order, to_transition, what_changed

UNASSIGNED_START = 'this order is unassigned, and you are not an employee: assign it to someone before you start it'
TEXTS_OF = {WorkOrderStatus.COMPLETED: ('cause', 'action_taken'), WorkOrderStatus.CANCELLED: ('cancel_reason',)}


class WorkOrders(OrderAttachments, OrderChecklist, OrderComments, OrderRules):
    """All commands on single orders.

    Every method may raise DatabaseUnavailableError; those with a parameter `who` also NotAllowedError,
    TooManyChangesError, InvalidInputError (its field is a column) and, for an unknown id, NotFoundError.
    """

    async def create(self, who: Identity, new: NewOrder) -> WorkOrder:
        """Create an order: see `create_once`."""
        return (await self.create_once(who, new))[0]

    async def create_once(self, who: Identity, new: NewOrder) -> tuple[WorkOrder, bool]:
        """Create an order. Requires the role operator; technician to assign it to oneself, supervisor to others.

        :returns: the order and true; or the one that the same client reference has created before, and false
        :raises OrderAlreadyOpenError: an order is open for the present stop, and `even_if_open` is false
        :raises ReferenceReusedError: the reference has created an order from other values
        """
        values = checked_order(new)
        items = checked_items(new.checklist)
        async with logged('work order reported', who) as log_fields, command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.OPERATOR)
            if new.reported_at is not None:
                check_report_time(new.reported_at, await self._queries.database_time(connection))
            if values['client_reference'] and (earlier := await self._created_before(connection, values)):
                return earlier, False
            self._authorize_assignment(person, None, new.assignee_id)
            if not new.even_if_open:
                await self._refuse_if_open(connection, new.machine)
            row = await self._queries.create_work_order(connection, **with_reporter(person, values))
            if row is None:  # a concurrent request with the same reference has committed first
                earlier = await self._created_before(connection, values)
                assert earlier is not None  # noqa: S101 (orders are never deleted)
                return earlier, False
            if items:
                await self._queries.add_work_order_items(connection, id=row['id'], texts=items)
            log_fields |= {'order': row['id'], 'machine': new.machine, 'priority': row['priority']}
            return to_order(row), True

    async def get(self, order_id: str) -> WorkOrder:
        """One order.

        :raises NotFoundError:
        """
        async with reading(self._database) as connection:
            return await self._get(connection, order_id)

    async def details(self, order_id: str) -> WorkOrderDetails:
        """One order with its events, checklist and attachments, from one snapshot.

        :raises NotFoundError:
        """
        async with reading(self._database) as connection:
            order = await self._get(connection, order_id)
            events = await self._events(connection, order_id)
            items = [to_item(row) async for row in self._queries.work_order_checklist(connection, id=order_id)]
            files = [to_attachment(row) async for row in self._queries.work_order_attachments(connection, id=order_id)]
        return WorkOrderDetails(order, events, tuple(items), tuple(files))

    async def edit(self, who: Identity, order_id: str, version: int, edit: OrderEdit) -> WorkOrder:
        """Change the description, priority or assignee of an order.

        Requires the role technician, or operator for the person who reported it; supervisor to assign it to others or
        to unassign others.

        :raises EditConflictError: someone else has changed the order since that version
        """
        description = edit.description
        if description is not UNCHANGED:
            description = clean_text(description, 'issue_description', LONG_TEXT)
        if edit.assignee_id not in (UNCHANGED, None):
            check_assignee_id(edit.assignee_id)
        async with (logged('work order changed', who, order=order_id),
                    self._changing(who, order_id) as (connection, person, order)):
            if (description, edit.priority) != (UNCHANGED, UNCHANGED):
                require(person, role_to_change(person, order), 'changing an order')
            assignee_id = order.assignee_id if edit.assignee_id is UNCHANGED else edit.assignee_id
            self._authorize_assignment(person, order.assignee_id, assignee_id)
            require(person, Role.OPERATOR, 'changing an order')
            await self._refuse_outdated(connection, order, version)
            row = await self._queries.edit_work_order(
                connection, id=order_id, version=version, assignee_id=assignee_id,
                issue_description=order.description if description is UNCHANGED else description,
                priority=order.priority if edit.priority is UNCHANGED else edit.priority)
            return to_order(row)

    async def transition(self, who: Identity, order_id: str, version: int, transition: Transition) -> WorkOrder:
        """Change the status of an order. Requires the role that work_order_transitions has for the transition.

        Starting an unassigned order assigns it to the person who starts it; people who are not employees must assign
        it first.

        :raises EditConflictError: someone else has changed the order since that version
        """
        texts = {name: clean_text(getattr(transition, name), name, TEXT, required=False) or None
                 for name in ('cause', 'action_taken', 'cancel_reason', 'note')}
        async with (logged('work order status changed', who, order=order_id, to=transition.to.value),
                    self._changing(who, order_id) as (connection, person, order)):
            row = await self._queries.work_order_transition(
                connection, from_status=order.status, to_status=transition.to)
            needed = Role.TECHNICIAN if row is None else to_transition(row).role
            require(person, needed, f'changing the status to {transition.to.word.lower()}')
            await self._refuse_outdated(connection, order, version)
            if order.status is transition.to:
                raise InvalidInputError(f'this order is already {transition.to.word.lower()}', 'status')
            await self._queries.set_transition_note(connection, note=texts.pop('note') or '')
            takes_it = transition.to is WorkOrderStatus.IN_PROGRESS and order.assignee_id is None
            if takes_it and person.employee_id is None:
                raise InvalidInputError(UNASSIGNED_START, 'status')
            row = await self._queries.transition_work_order(
                connection, id=order_id, version=version, status=transition.to, hold_reason=transition.hold_reason,
                assignee_id=person.employee_id if takes_it else order.assignee_id,
                **{name: text if name in TEXTS_OF.get(transition.to, ()) else None for name, text in texts.items()})
            return to_order(row)

    async def _refuse_if_open(self, connection: Connection, machine: MachineName) -> None:
        await self._queries.lock_machine(connection, machine=machine)
        row = await self._queries.open_work_order_of_stop(connection, machine=machine)
        if row is not None:
            raise OrderAlreadyOpenError(row['id'], to_order(row))

    async def _refuse_outdated(self, connection: Connection, order: WorkOrder, version: int) -> None:
        if order.version != version:
            rows = [row async for row in self._queries.last_changes_of_work_order(connection, id=order.id)]
            raise EditConflictError(what_changed(rows), order)

    async def _created_before(self, connection: Connection, values: dict[str, Any]) -> WorkOrder | None:
        row = await self._queries.work_order_with_reference(connection, client_reference=values['client_reference'])
        if row is None:
            return None
        if row['request_digest'] not in {None, values['request_digest']}:  # null: inserted with SQL
            raise ReferenceReusedError(row['id'], to_order(row))
        return to_order(row)

    def _authorize_assignment(self, person: Person, before: int | None, after: int | None) -> None:
        others = {before, after} - {None, person.employee_id}
        if before == after:
            return
        if after is not None and after == person.employee_id:
            require(person, Role.TECHNICIAN, 'taking an order')
        elif others:
            require(person, Role.SUPERVISOR, 'assigning others')
        else:
            require(person, Role.TECHNICIAN, 'unassigning yourself')
