"""The REST face of work orders. Who may do what, the commands decide; here their refusals become answers.

A request that changes something says who asks before anything else; what it is refused for, it is told by status:
401 nobody is signed in, 403 the role is not enough, 409 it was changed meanwhile, 422 a value or a move can't be, 429
there were too many changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response

from ..database import Database
from ..downloads import Downloads
from ..employees import Employees
from ..errors import EditConflict, InvalidInput, NotAllowed, NotFound
from ..gate.path_prefix import prefix_of
from ..model import Attachment, Employee, Identity, WorkOrder, WorkOrderEvent
from ..orders.work_order_list import UNASSIGNED, OrderFilter, WorkOrderList
from ..orders.work_orders import WorkOrders
from .bodies import JsonRoute
from .floor_api import PATIENCE_S, answering, never_stored
from .order_answers import CommentAnswer, EventAnswer, OrderAnswer, OrderDetailsAnswer
from .order_forms import CommentForm, NewOrderForm, OrderPatch, OrderQuery
from .problems import documented, problem

ORDER_ID = re.compile(r'WO-\d{8}-[0-9a-z]{4,32}', re.ASCII)
SUFFIXES = {'image/jpeg': ('.jpg', '.jpeg'), 'image/png': ('.png',), 'image/gif': ('.gif',), 'image/webp': ('.webp',),
            'application/pdf': ('.pdf',)}

Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern='^[!-~]+$', description=(
    'Chosen by you, a new one for each order or comment: the same key with the same body is done once, so that you can '
    'send it again when an answer was lost. With another body it is refused (422). Keys of other people are theirs. '
    '1 to 200 visible ASCII characters.'))]
KEY = 'Idempotency-Key'
AttachmentId = Annotated[int, Path(ge=1, le=2**31 - 1)]
PAGES = {'X-Total-Count': {'description': 'How many orders all pages have.', 'schema': {'type': 'integer'}},
         'Link': {'description': 'first, prev, next, last (RFC 8288).', 'schema': {'type': 'string'}}}
PLACE = {'Location': {'description': 'Where it is found.', 'schema': {'type': 'string'}}}


def register(app: FastAPI, *, database: Database, orders: WorkOrders, order_list: WorkOrderList,
             employees: Employees, identify: Callable[[Mapping[str, str]], Identity],
             downloads: Downloads, patience: float = PATIENCE_S) -> None:
    """Serve /api/work-orders, after api.register has said how errors are answered.

    identify: who asks, from the headers of a request; patience: seconds after which the database counts as away.
    """
    def who_asks(request: Request) -> Identity:
        try:
            return identify(request.headers)
        except NotAllowed as error:
            raise HTTPException(401, str(error), {'WWW-Authenticate': 'Bearer'}) from error

    asking = Depends(who_asks)
    router = APIRouter(prefix='/api/work-orders', tags=['work orders'], route_class=JsonRoute,
                       dependencies=[asking, Depends(_one_key), Depends(never_stored)],
                       responses=documented(401, 422, 503))

    @router.get('', summary='Work orders, the newest first',
                responses={200: {'headers': PAGES}})
    async def listed(asked: Annotated[OrderQuery, Query()], request: Request, response: Response) -> list[OrderAnswer]:
        """A page of the orders under the filters. How many there are and where the other pages are, the headers say."""
        async with answering(patience):
            whose = await _whose(employees, asked.assignee)
            page, now = await order_list.page(_filter(asked, whose)), await database.now()
        response.headers['X-Total-Count'] = str(page.total)
        response.headers['Link'] = _links(request, asked, page.total)
        return [OrderAnswer.of(order, now) for order in page.orders]

    @router.post('', status_code=201, summary='Report a problem of a machine', responses={
        200: {'model': OrderAnswer, 'description': 'The order that this Idempotency-Key has made before.',
              'headers': PLACE},
        201: {'headers': PLACE}, **documented(400, 403, 413, 415, 429)})
    async def created(new: NewOrderForm, request: Request, response: Response, who: Identity = asking,
                      idempotency_key: Key = None) -> OrderAnswer:
        """Needs the role operator; technician to take it oneself, supervisor to give it to somebody else."""
        async with answering(patience):
            assignee_id = await _employee_called(employees, new.assignee)
            now = await database.now()  # before the command: afterwards nothing may fail
            order, is_new = await orders.create_once(who, new.order(assignee_id, idempotency_key))
        response.status_code = 201 if is_new else 200
        response.headers['Location'] = f'{request.url.path}/{order.id}'
        return OrderAnswer.of(order, now)

    @router.get('/{order_id}', summary='One work order with its checklist and attachments', responses=documented(404))
    async def one(order_id: str) -> OrderDetailsAnswer:
        """Everything about it but what happened to it."""
        async with answering(patience):
            return OrderDetailsAnswer.of_details(await orders.details(_known(order_id)), await database.now())

    @router.patch('/{order_id}', response_model=OrderAnswer, summary='Change or move a work order',
                  responses=documented(400, 403, 404, 409, 413, 415, 429))
    async def patched(order_id: str, patch: OrderPatch, who: Identity = asking) -> Any:
        """Either new values or a move to another status, never both: each is one step of its history.

        409: somebody was faster; the member current of the answer is the order as it is now. 422 for a move that is
        not allowed or lacks what it needs. Roles: technician; supervisor to assign others and to cancel; who reported
        it may change its description and priority.
        """
        async with answering(patience):
            now = await database.now()  # before the command: afterwards nothing may fail
            try:
                return OrderAnswer.of(await _patch(orders, employees, who, _known(order_id), patch), now)
            except EditConflict as conflict:
                return problem(409, str(conflict), members=_current(conflict.current, now))

    @router.get('/{order_id}/comments', summary='What people said, oldest first', responses=documented(404))
    async def comments(order_id: str) -> list[CommentAnswer]:
        """All comments of one order."""
        async with answering(patience):
            details = await orders.details(_known(order_id))
        return [CommentAnswer.of(event) for event in _comments(details.events)]

    @router.post('/{order_id}/comments', status_code=201, summary='Say something',
                 responses=documented(400, 403, 404, 413, 415, 429))
    async def commented(order_id: str, comment: CommentForm, who: Identity = asking, idempotency_key: Key = None
                        ) -> list[CommentAnswer]:
        """Needs the role operator. The answer is all that was said about the order, oldest first."""
        async with answering(patience):
            events = await orders.comment(who, _known(order_id), comment.text, idempotency_key)
        return [CommentAnswer.of(event) for event in _comments(events)]

    @router.get('/{order_id}/events', summary='Its whole history, oldest first', responses=documented(404))
    async def events(order_id: str) -> list[EventAnswer]:
        """Who did what and when, from what to what, with what note; comments too."""
        async with answering(patience):
            details = await orders.details(_known(order_id))
        return [EventAnswer.of(event) for event in details.events]

    @router.get('/{order_id}/attachments/{attachment_id}', summary='The content of an attachment',
                response_class=Response, responses={
                    200: {'content': {kind: {'schema': {'type': 'string', 'format': 'binary'}} for kind in SUFFIXES},
                          'description': 'The file as it was attached.'}, **documented(404, 429)})
    async def attachment(order_id: str, attachment_id: AttachmentId, request: Request, who: Identity = asking
                         ) -> Response:
        """To be saved, not to be opened in place: nothing in it can act in this site's name."""
        async with answering(patience):
            file, content = await orders.attachment(_known(order_id), attachment_id)
        return await downloads.response(who, request.client, content, file.media_type, {
            'Content-Length': str(file.size), 'Content-Disposition': disposition(file),
            'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; sandbox",
            'Cross-Origin-Resource-Policy': 'same-origin'})

    app.include_router(router)


def disposition(file: Attachment) -> str:
    """How a browser saves it: under its own name, but never above its folder, and with a suffix of what it is."""
    name = ''.join('_' if letter in '\\/:*?"<>|' or unicodedata.category(letter)[0] == 'C' else letter
                   for letter in file.file_name).strip(' .') or 'attachment'
    suffixes = SUFFIXES.get(file.media_type, ())
    if not name.lower().endswith(suffixes):
        name += suffixes[0]
    plain = re.sub(r'[^ -~]|[%\']', '_', name)
    return f'attachment; filename="{plain}"; filename*=UTF-8\'\'{quote(name, safe="")}'


def _one_key(request: Request) -> None:
    if len(request.headers.getlist(KEY)) > 1:
        raise InvalidInput(f'the request has more than one {KEY}', 'client_reference')


def _current(order: object, now: datetime) -> dict[str, Any]:
    return {'current': OrderAnswer.of(order, now).model_dump(mode='json')} if isinstance(order, WorkOrder) else {}


async def _patch(orders: WorkOrders, employees: Employees, who: Identity, id: str, patch: OrderPatch) -> WorkOrder:
    if patch.status is not None:
        return await orders.move(who, id, patch.version, patch.move(patch.status))
    assignee_id = await _employee_called(employees, patch.assignee)
    return await orders.edit(who, id, patch.version, patch.edit(assignee_id))


async def _employee_called(employees: Employees, said: str | None) -> int | None:
    """:raises InvalidInput: nobody active, or more than one, has this name or e-mail address"""
    if said is None or not said.strip():
        return None
    found = [person.id for person in await employees.all(active=True) if _is_called(person, said)]
    if len(found) == 1:
        return found[0]
    raise InvalidInput(
        f'{len(found)} active employees are called {said.strip()[:100]}: use the e-mail address' if found else
        f'nobody active is called {said.strip()[:100]}: use the name or e-mail address of an employee', 'assignee')


async def _whose(employees: Employees, said: str | None) -> int | Literal['none'] | None:
    """Whose orders a list shall show; people who have left still have theirs."""
    if said is None or said == UNASSIGNED:
        return UNASSIGNED if said else None
    found = [person.id for person in await employees.all()
             if _is_called(person, said) or said.strip() == str(person.id)]
    if len(found) != 1:
        known = f'{len(found)} employees are' if found else 'nobody is'
        raise InvalidInput(f'{known} called {said.strip()[:100]}: use an e-mail address, an id or none', 'assignee')
    return found[0]


def _is_called(person: Employee, said: str) -> bool:
    return said.strip().lower() in {person.email.lower(), person.name.lower()}


def _filter(asked: OrderQuery, whose: int | Literal['none'] | None) -> OrderFilter:
    key, descending = asked.sort_key
    return OrderFilter(states=frozenset(asked.status), priorities=frozenset(asked.priority), machine=asked.machine_id,
                       assignee=whose, text=asked.q.strip(), overdue=asked.overdue, sort=key, descending=descending,
                       page=asked.page, per_page=asked.per_page)


def _links(request: Request, asked: OrderQuery, total: int) -> str:
    last = max(1, -(-total // asked.per_page))
    pages = {'first': 1, 'prev': min(asked.page - 1, last), 'next': asked.page + 1, 'last': last}
    others = [(name, value) for name, value in request.query_params.multi_items() if name != 'page']
    path = prefix_of(request.headers) + request.url.path
    return ', '.join(f'<{path}?{urlencode([*others, ("page", page)])}>; rel="{name}"'
                     for name, page in pages.items() if 1 <= page <= last)


def _comments(events: tuple[WorkOrderEvent, ...]) -> list[WorkOrderEvent]:
    return [event for event in events if event.kind == 'commented']


def _known(order_id: str) -> str:
    """:raises NotFound: no order can have this id"""
    if not ORDER_ID.fullmatch(order_id):
        raise NotFound(f'there is no work order {order_id[:100]}')
    return order_id
