"""Error responses of the REST interface and of files: problem details (RFC 9457).

They apply to paths under /api and to paths of CSV files and spreadsheets, which programs request too; pages keep their
error handlers.
"""

from __future__ import annotations

import http
import inspect
import math
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import (
    DatabaseUnavailableError,
    EditConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    QueryError,
    ReferenceReusedError,
    SignedOutError,
    TooManyChangesError,
    TooManyDownloadsError,
    TooManyUploadsError,
    UploadsBusyError,
    UploadTooSlowError,
)
from ...core.feeds import SILENT_AFTER_HEADER
from ...core.sentences import as_sentence
from .bodies import UnreadableBodyError
from .methods import HeadAndOptions
from .order_answers import OrderAnswer
from .people_answers import EmployeeAnswer
from .plant_answers import LineAnswer, MachineTypeAnswer, PlantAnswer, PlantMachineAnswer

MEDIA_TYPE = 'application/problem+json'
FOR_PROGRAMS = re.compile(r'/api(/.*)?|.*\.(csv|xlsx)', re.DOTALL)
RETRY_AFTER_S = 5
POLICY_VIOLATION = 1008
MAX_FAULTS = 20
MAX_REPEATED_LENGTH = 500
SCHEMA_ADDRESS = '#/components/schemas/{model}'

Answer = Callable[[Request, Any], Response]
Current = OrderAnswer | PlantAnswer | LineAnswer | MachineTypeAnswer | PlantMachineAnswer | EmployeeAnswer


class FieldProblem(BaseModel):
    """One part of a request that is wrong."""

    where: Annotated[str, Field(description='Location: body, query, path or header, and the name.',
                                examples=['body.priority'])]
    what: Annotated[str, Field(description='What is wrong.', examples=['machine must not be empty'])]


def _without_none(schema: dict[str, Any]) -> None:
    """An answer has no member that is None."""
    for member in schema['properties'].values():
        if member.get('default', '') is None:
            del member['default']


class Problem(BaseModel):
    """Problem details as in RFC 9457: the body of every error. No specific types are defined, so the title is the name
    of the status."""

    model_config = ConfigDict(json_schema_extra=_without_none)

    type: Annotated[Literal['about:blank'], Field(description='Always about:blank: the status defines the problem.',
                                                  examples=['about:blank'])] = 'about:blank'
    title: Annotated[str, Field(description='Name of the status.', examples=['Conflict'])]
    status: Annotated[int, Field(description='HTTP status.', examples=[409])]
    detail: Annotated[str, Field(description='What happened and what to do.',
                                 examples=['Lisa Garcia changed the priority from high to low'])]
    errors: Annotated[list[FieldProblem] | None, Field(
        description='Invalid parts of the request; only for 422.')] = None
    current: Annotated[Current | None, Field(
        description='The current work order, line, machine type or machine, for 409 and 412: compare it with your '
                    'change, then retry.')] = None


def problem(status: int, detail: str, *, errors: list[Any] | None = None, headers: dict[str, str] | None = None,
            current: Current | None = None) -> JSONResponse:
    """The response for an error. current: the present order or item, which conflicts with the request."""
    answer = Problem(title=http.HTTPStatus(status).phrase, status=status, detail=_sendable(detail), errors=errors)
    members = answer.model_dump(exclude_none=True) | ({'current': current.model_dump(mode='json')} if current else {})
    return JSONResponse(members, status, media_type=MEDIA_TYPE,
                        headers={'Cache-Control': 'no-store', **(headers or {})})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error responses of a path for the OpenAPI description; description.py adds the schema.

    Named by reference: of a model, FastAPI would build a validator for each path and status, which took half of the
    time of adding the paths.
    """
    content = {MEDIA_TYPE: {'schema': {'$ref': SCHEMA_ADDRESS.format(model=Problem.__name__)}}}
    return {status: {'description': _MEANINGS[status], 'content': content} for status in statuses}


def answer_problems(app: FastAPI) -> None:
    """Add error handlers that return problem details for paths under /api and for files."""
    app.add_middleware(HeadAndOptions, routes=app.routes)
    answers: dict[int | type[Exception], Answer] = {
        DatabaseUnavailableError: _unavailable, NotFoundError: _with_status(404), NotAllowedError: _with_status(403),
        SignedOutError: _signed_out,
        EditConflictError: _with_status(409),
        QueryError: _wrong_query, ReferenceReusedError: _wrong_key, TooManyChangesError: _too_often,
        TooManyDownloadsError: _too_often, TooManyUploadsError: _too_often, UploadsBusyError: _busy,
        UploadTooSlowError: _with_status(408), InvalidInputError: _wrong_field, RequestValidationError: _wrong_request,
        HTTPException: _refused, 404: _refused, Exception: _fault}
    before = dict(app.exception_handlers)
    before.setdefault(404, before.get(HTTPException))
    before.setdefault(NotAllowedError, _not_signed_in)
    for error, answer in answers.items():
        app.add_exception_handler(error, _for_programs(answer, before.get(error)))


def refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> ASGIApp:
    """The response to a request that middleware refuses; a socket is refused before it is opened."""
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'websocket':
            await send({'type': 'websocket.close', 'code': POLICY_VIOLATION, 'reason': detail})
            return
        response: Response = problem(status, detail, headers=headers) if _is_for_programs(scope) else PlainTextResponse(
            as_sentence(detail), status, {'Cache-Control': 'no-store', **(headers or {})})
        await response(scope, receive, send)
    return answer


_MEANINGS = {400: 'The body is not valid JSON; see detail.',
             401: 'Nobody is signed in.',
             403: 'Your role does not allow this, or the request comes from another site; see detail.',
             404: 'Not found.',
             408: 'The file did not arrive within 5 minutes.',
             409: 'The resource has changed; see current.',
             412: 'If-Match does not match the current version; see current.',
             413: 'The body is too large.',
             415: 'The body is not of the media type application/json, not in UTF-8, or compressed.',
             416: 'The range is outside of the file; see Content-Range for its size.',
             422: 'The request is invalid; see errors.',
             428: 'The version is missing: send version or If-Match.',
             429: 'Too many changes, downloads or uploads. Retry after Retry-After seconds.',
             500: 'Internal error; see the log.',
             503: 'The database does not respond, or too many files are being sent. Retry after Retry-After '
             'seconds.'}


_ELSEWHERE = {'client_reference': 'header.idempotency-key', SILENT_AFTER_HEADER: 'header.silent-after'}


def _unavailable(_: Request, error: DatabaseUnavailableError) -> Response:
    return problem(503, str(error), headers={'Retry-After': str(RETRY_AFTER_S)})


def _too_often(_: Request, error: TooManyChangesError | TooManyDownloadsError | TooManyUploadsError) -> Response:
    return problem(429, str(error), headers={'Retry-After': str(math.ceil(error.retry_after))})


def _signed_out(_: Request, error: SignedOutError) -> Response:
    return problem(401, str(error), headers={'WWW-Authenticate': 'Bearer'})


def _busy(_: Request, error: UploadsBusyError) -> Response:
    return problem(503, str(error), headers={'Retry-After': str(math.ceil(error.retry_after))})


def _with_status(status: int) -> Answer:
    return lambda _, error: problem(status, str(error))


def _wrong_field(request: Request, error: InvalidInputError) -> Response:
    part = 'query' if request.method == 'GET' else 'body'
    where = _ELSEWHERE.get(error.field or '', f'{part}.{error.field}' if error.field else part)
    return problem(422, str(error), errors=[{'where': where, 'what': _sendable(str(error))}])


def _wrong_key(_: Request, error: ReferenceReusedError) -> Response:
    return problem(422, str(error), errors=[{'where': _ELSEWHERE['client_reference'], 'what': str(error)}])


def _wrong_query(_: Request, error: QueryError) -> Response:
    return problem(422, str(error), errors=[{'where': f'query.{_sendable(name)}', 'what': _sendable(sentence)}
                                            for name, sentence in list(error.faults.items())[:MAX_FAULTS]])


def _wrong_request(_: Request, error: RequestValidationError) -> Response:
    wrong = [{'where': _sendable('.'.join(map(str, fault['loc']))),
              'what': _sendable(fault['msg'].removeprefix('Value error, '))} for fault in error.errors()[:MAX_FAULTS]]
    detail = '; '.join(f'{fault["where"]}: {fault["what"]}' for fault in wrong)
    return problem(422, detail, errors=jsonable_encoder(wrong))


def _refused(request: Request, error: HTTPException) -> Response:
    has_detail = error.detail != http.HTTPStatus(error.status_code).phrase
    unknown = f'{request.method} {request.url.path} is not part of this interface: see /docs'
    detail = error.detail if has_detail else unknown
    errors = error.errors if isinstance(error, UnreadableBodyError) else None
    return problem(error.status_code, detail, errors=errors, headers=dict(error.headers or {}))


def _sendable(text: str) -> str:
    """A text that may contain input of the request: lone surrogates are replaced, and long texts are truncated."""
    whole = text.encode(errors='replace').decode()
    return whole if len(whole) <= MAX_REPEATED_LENGTH else f'{whole[:MAX_REPEATED_LENGTH]}...'


def _fault(_: Request, __: Exception) -> Response:
    return problem(500, 'internal error; see the log of the program')


def _not_signed_in(_: Request, error: Exception) -> Response:
    """The response if nobody is signed in, which a page finds out before it is built."""
    return PlainTextResponse(as_sentence(str(error)), status_code=401, headers={'Cache-Control': 'no-store'})


def _is_for_programs(scope: Scope) -> bool:
    path = scope['path'].removeprefix(scope.get('root_path', ''))
    return FOR_PROGRAMS.fullmatch(path) is not None


def _for_programs(answer: Answer, otherwise: Callable[[Request, Any], Any] | None
               ) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        if _is_for_programs(request.scope):
            return answer(request, error)
        if otherwise is None:
            raise error
        response = otherwise(request, error)
        return await response if inspect.isawaitable(response) else response  # type: ignore[no-any-return]
    return handle
