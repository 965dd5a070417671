"""Responses with CSV files, or an error as one sentence."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import datetime, tzinfo

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from ...core.errors import (
    DatabaseUnavailableError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    TooManyDownloadsError,
)
from ...core.people import Identity
from ...core.sentences import as_sentence
from .downloads import Downloads, too_many

RETRY_AFTER_S = 5

Identify = Callable[[Mapping[str, str]], Identity]
Read = Callable[[], Awaitable[AsyncGenerator[str, None]]]


class CsvResponses:
    """Serves all CSV files of the pages."""

    def __init__(self, downloads: Downloads, zone: tzinfo) -> None:
        """zone: the plant's time zone, for the time in file names."""
        self._downloads = downloads
        self._zone = zone

    async def response(self, request: Request, identify: Identify, name: str, read: Read) -> Response:
        """A response that streams the file; 403, 404, 422, 429 or 503 if it is refused or fails at the start.

        identify: returns the identity for headers. name: the file name without time and suffix. read: returns the
        parts of the file.
        """
        try:
            who = identify(request.headers)
            now = datetime.now(self._zone)
            return await self._downloads.response(who, request.client, await read(), 'text/csv; charset=utf-8', {
                'Content-Disposition': f'attachment; filename="{name}-{now:%Y-%m-%d-%H%M}.csv"'})
        except NotAllowedError as error:
            return PlainTextResponse(str(error), status_code=403)
        except NotFoundError as error:
            return PlainTextResponse(as_sentence(error), status_code=404)
        except InvalidInputError as error:
            return PlainTextResponse(as_sentence(error), status_code=422)
        except TooManyDownloadsError as error:
            return too_many(error)
        except DatabaseUnavailableError as error:
            return PlainTextResponse(f'{as_sentence(error)} Please try again.', status_code=503,
                                     headers={'Retry-After': str(RETRY_AFTER_S)})
