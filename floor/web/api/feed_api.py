"""POST /api/feed: what feeds report over HTTP. Only a token with the scope feed:write reports."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import request_response

from ...access.api_tokens import token_of
from ...core.errors import InvalidInputError, NotAllowedError
from ...core.feeds import FEED_PATH, SILENT_AFTER_HEADER, SILENT_AFTER_S
from ...core.people import Identity
from ...core.query_parameters import Query
from ...core.text import shown
from ...feed.feed_counters import FeedCounters
from ...feed.ingest import MAX_EVENTS, EventResult, FeedEvent, FeedIngest, Result
from ..http.caller import identity_of
from .callers import caller
from .feed_body import FORM, read_event_of, read_events
from .feed_forms import EventAnswer, EventForm, EventsAnswer, MachineEventForm
from .floor_api import TIMEOUT_S, database_errors
from .problems import documented

STATUS_OF = {Result.UNKNOWN_MACHINE: 404, Result.REFUSED: 422}
"""Of a response about a single event; 200 for other results."""
NOT_STORED = {'Cache-Control': 'no-store'}
Machine = Annotated[str, Path(description='Name of the machine.', examples=['CNC-01'])]
Caller = Annotated[Identity, Depends(caller)]
EVENT, MACHINE_EVENT = EventForm.model_json_schema(), MachineEventForm.model_json_schema()
"""For the description of bodies that this module reads itself."""
SILENT_AFTER = {
    'name': SILENT_AFTER_HEADER, 'in': 'header', 'required': False,
    'schema': {'type': 'integer', 'minimum': SILENT_AFTER_S[0], 'maximum': SILENT_AFTER_S[1], 'examples': [180]},
    'description': 'Seconds after which this feed has reported each of its machines again, changed or not: one that it '
                   'has not shows "No signal", on the floor and in the history. For a feed that repeats itself: three '
                   'times as long as it pauses.'}


class EventRoute(APIRoute):
    """Calls its function without what FastAPI does for other functions: that took as long as all the rest."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.app = request_response(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler. It refuses every query parameter."""
        async def handle(request: Request) -> Response:
            Query(request.query_params, ()).check()
            answer: Response = await self.endpoint(request=request, who=identity_of(request), **request.path_params)
            return answer
        return handle


def register(app: FastAPI, *, ingest: FeedIngest, counters: FeedCounters, timeout: float = TIMEOUT_S) -> None:
    """Serve /api/feed. Call it after floor_api.register, which adds the error handlers.

    timeout: seconds without a response of the database after which a request fails with 503.
    """
    router = APIRouter(prefix=FEED_PATH, tags=['feed'], route_class=EventRoute,
                       responses=documented(400, 401, 403, 404, 413, 415, 422, 500, 503))

    async def store(who: Identity, feed_id: int, events: list[FeedEvent | EventResult],
                    silent_after: timedelta | None) -> list[EventResult]:
        async with database_errors(timeout):
            results = await ingest.report(feed_id, events, silent_after)
        counters.count(token_of(who), events, results)
        return results

    @router.post('', summary='Report statuses', operation_id='report_statuses',
                 response_model=EventsAnswer | EventAnswer,
                 openapi_extra=described({
                     'application/json': {'type': 'array', 'items': EVENT, 'maxItems': MAX_EVENTS}}))
    async def report_statuses(request: Request, who: Caller) -> Response:
        """One event, an array of at most 1,000, or as many lines of JSON (application/x-ndjson); also compressed with
        gzip. Each of several has its own result, and the response is 200; a single event that is not stored returns
        404 or 422. After any other response nothing is stored: send the events again, with the same ids."""
        feed_id = _feed_of(who)
        silent_after = announced_by(request)
        events, is_single = await read_events(request)
        results = await store(who, feed_id, events, silent_after)
        return _single(results[0]) if is_single else JSONResponse({'results': [_answer(each) for each in results]},
                                                                  headers=NOT_STORED)

    @router.post('/{machine:path}', summary='Report the status of a machine', operation_id='report_status',
                 response_model=EventAnswer,
                 openapi_extra=described({'application/json': MACHINE_EVENT, FORM: MACHINE_EVENT}))
    async def report_status(machine: Machine, request: Request, who: Caller) -> Response:
        """As JSON, or as a form: `curl -H "Authorization: Bearer $TOKEN" -d status=down .../api/feed/CNC-01`."""
        feed_id, silent_after = _feed_of(who), announced_by(request)
        return _single((await store(who, feed_id, [await read_event_of(request, machine)], silent_after))[0])

    app.routes.extend(router.routes)  # include_router() would wrap them


def described(schemas: dict[str, Any]) -> dict[str, Any]:
    """Header and body for the OpenAPI description. schemas: of the body, by media type."""
    return {'parameters': [SILENT_AFTER],
            'requestBody': {'required': True, 'content': {kind: {'schema': each} for kind, each in schemas.items()}}}


def announced_by(request: Request) -> timedelta | None:
    """What a feed says about itself in the header Silent-After; None: nothing.

    :raises InvalidInputError: it is no number of seconds, or too short or long
    """
    value = request.headers.get(SILENT_AFTER_HEADER)
    if value is None:
        return None
    least, most = SILENT_AFTER_S
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise InvalidInputError(f'{SILENT_AFTER_HEADER} is a whole number of seconds from {least} to {most}, '
                                f'not {shown(value, 40)!r}', SILENT_AFTER_HEADER)
    return timedelta(seconds=int(value))


def _feed_of(who: Identity) -> int:
    """The token that reports, which is the feed. Its scope was checked with that of every token."""
    if who.credential is None or who.scopes is None:
        raise NotAllowedError('statuses are reported with a token that has the scope feed:write, in the header '
                              'Authorization: Bearer TOKEN: a supervisor makes one on /setup/feeds')
    return who.credential.id


def _single(result: EventResult) -> Response:
    answer = {name: value for name, value in _answer(result).items() if value is not None}
    return JSONResponse(answer, STATUS_OF.get(result.result, 200), NOT_STORED)


def _answer(result: EventResult) -> dict[str, str | None]:
    """As EventAnswer describes it."""
    return {'result': result.result, 'message': result.message}
