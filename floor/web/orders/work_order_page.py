"""The page of one work order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from nicegui import app, ui

from ...core.errors import DatabaseError, FloorError, NotAllowedError, NotFoundError, TooManyDownloadsError
from ...core.orders import OrderId, WorkOrder, WorkOrderDetails
from ...core.people import Identity, Person
from ...core.tasks import happens_within
from ...core.text import shortened
from ...feed.active_orders import ActiveOrderChange
from ...feed.freshness import Freshness
from ..api.attachment_responses import AttachmentResponses
from ..http.downloads import too_many
from ..live.live_view import LiveView
from ..shell.frame import frame
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.loading import FIRST_ANSWER_S, RESPONSE_TIMEOUT_S, Notice
from ..shell.messages import as_sentence
from ..shell.order_formatting import short_id
from ..shell.services import Services
from .actions import OrderActions, Reload
from .attachments import AttachmentsPanel
from .checklist import ChecklistPanel
from .comments import CommentsPanel
from .editor import OrderEditor
from .form import FORM_RECONNECT_S
from .history import OrderHistory
from .order_facts import OrderFacts
from .reader import OrderReader
from .transitions import OrderTransitions

NO_SUCH_ORDER = 404
CANNOT_LOAD = 'Cannot load the order. {reason} The page retries automatically; you can also try again now.'
MAY_BE_OLD = ('Cannot load the order. {reason} What you see may be out of date. The page retries automatically; you '
              'can also try again now.')


def register(services: Services) -> None:
    """Serve /work-orders/ID, and the order's attachments below it."""

    @ui.page('/work-orders/{order_id}', reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def work_order_page(order_id: str) -> None:
        identity = services.visitor()
        person = services.person(identity)
        view = LiveView(ui.context.client, lambda: None)
        with frame(f'Order {shortened(short_id(order_id), 40)}', services, view, person, section='Work orders'):
            page = WorkOrderPage(services, identity, person, order_id)
        services.broadcast.join(view)
        await page.wait_for_first_read()

    attachments = AttachmentResponses(services.orders, services.downloads)

    @app.get('/work-orders/{order_id}/attachments/{attachment_id}', include_in_schema=False)
    async def attachment(request: Request, order_id: str, attachment_id: str) -> Response:
        async def answer(who: Identity, number: int) -> Response:
            file = await attachments.find(order_id, number)
            return await attachments.file(request, who, file,
                                          place='inline' if file.media_type.startswith('image/') else 'attachment')
        return await answered(request, attachment_id, answer)

    @app.get('/work-orders/{order_id}/attachments/{attachment_id}/thumbnail', include_in_schema=False)
    async def thumbnail(request: Request, order_id: str, attachment_id: str) -> Response:
        return await answered(request, attachment_id,
                              lambda _, number: attachments.thumbnail(request, order_id, number))

    async def answered(request: Request, attachment_id: str,
                       answer: Callable[[Identity, int], Awaitable[Response]]) -> Response:
        try:
            who = services.identify(request)
            if not (attachment_id.isascii() and attachment_id.isdigit()):
                raise NotFoundError('there is no such attachment')
            return await answer(who, int(attachment_id))
        except NotAllowedError as refusal:
            return PlainTextResponse(as_sentence(refusal), status_code=403)
        except NotFoundError as error:
            return PlainTextResponse(as_sentence(error), status_code=NO_SUCH_ORDER)
        except HTTPException as error:
            return PlainTextResponse(as_sentence(error.detail), error.status_code, error.headers)
        except TooManyDownloadsError as error:
            return too_many(error)
        except FloorError as error:
            return PlainTextResponse(as_sentence(error), status_code=503, headers={'Retry-After': '5'})


class WorkOrderPage:
    """One browser's page of one order."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str) -> None:
        self._services = services
        self._identity = identity
        self._person = person
        self._order_id = order_id
        self._details: WorkOrderDetails | None = None
        self._parts: OrderParts | None = None
        self._client = ui.context.client
        self._root = ui.element('div').classes('order-page')
        with self._root:
            self._transitions = OrderTransitions(services, person, identity)
            self._problem = Notice(self._retry)
            with ui.card().classes('orders-empty') as self._waiting:
                self._title = ui.label('Loading the order…').classes('empty-title')
                self._text = ui.label('')
                ui.link('All work orders', '/work-orders')
        self._reader = OrderReader(self._client, services.store, self._read, self._concerns, self._failed)

    def _retry(self) -> None:
        self._reader.retry()

    async def wait_for_first_read(self) -> None:
        """Wait at most FIRST_ANSWER_S for the order."""
        self._reader.request()
        if self._services.store.connection is Freshness.LIVE:
            await happens_within(self._reader.first_read_done, FIRST_ANSWER_S)

    def _concerns(self, change: ActiveOrderChange) -> bool:
        return change.id == self._order_id

    async def reload(self) -> WorkOrderDetails | None:
        """Read the order now; the last known order if the database does not respond, which the page then shows."""
        try:
            await self._read()
        except DatabaseError as error:
            self._failed(error)
            self._reader.request(at_once=False)
        return self._details

    async def _read(self) -> None:
        try:
            await self._transitions.load()
            details = await self._services.orders.details(self._order_id)
        except NotFoundError:
            self._client.status_code = NO_SUCH_ORDER
            self._problem.show('')
            self._title.set_text(f'There is no work order {shortened(self._order_id, 60)}.')
            self._text.set_text('Check that the address is complete. Orders are never deleted.')
            return
        self._details = details
        if not self._root.is_deleted:
            self._show(details)

    def _show(self, details: WorkOrderDetails) -> None:
        self._problem.show('')
        if self._parts is None:
            self._waiting.delete()
            with self._root:
                self._parts = OrderParts(self._services, self._identity, self._person, details.order,
                                         transitions=self._transitions, reload=self.reload)
        self._parts.show(details)

    def _failed(self, error: DatabaseError) -> None:
        if self._root.is_deleted:
            return
        if self._parts is None:
            self._title.set_text('Waiting for the database.')
            self._text.set_text('The order appears here as soon as the database responds.')
        self._problem.show(CANNOT_LOAD.format(reason=as_sentence(error)) if self._parts is None
                           else MAY_BE_OLD.format(reason=as_sentence(error)))


class OrderParts:
    """The panels of the page."""

    def __init__(self, services: Services, identity: Identity, person: Person, order: WorkOrder, *,
                 transitions: OrderTransitions, reload: Reload) -> None:
        order_id: OrderId = order.id
        with ui.card().classes('order-head').props('role=region aria-label="The order"'):
            machine = shortened(str(services.store.names.of(order.machine)), 80)
            title = Heading(f'{machine} · {short_id(order_id)}').classes('order-title')
            show_icon(title, services.store, order.machine)
            self._actions = OrderActions(services, identity, person, transitions=transitions, reload=reload)
        with ui.element('div').classes('order-main'):
            self._editor = OrderEditor(services, identity, person, order_id, reload)
            self._checklist = ChecklistPanel(services, identity, person, order_id)
            self._attachments = AttachmentsPanel(services, identity, person, order_id)
            with ui.card().classes('panel').props('role=region aria-label="Comments and history"'):
                Heading('Comments and history').classes('panel-title')
                CommentsPanel(services, identity, person, order_id)
                self._history = OrderHistory(services.zone)
        with ui.element('aside').classes('order-side'):
            self._facts = OrderFacts(services, order.machine)

    def show(self, details: WorkOrderDetails) -> None:
        """Update to the current order; text that a person is typing stays."""
        self._actions.show(details.order)
        self._editor.show(details.order)
        self._checklist.show(details)
        self._attachments.show(details)
        self._history.show(details)
        self._facts.show(details.order)
