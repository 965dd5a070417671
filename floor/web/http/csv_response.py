"""Files for Excel as people take them away: each as one answer, or a sentence that says why there is none."""

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

AGAIN_S = 5

Identify = Callable[[Mapping[str, str]], Identity]
Read = Callable[[], Awaitable[AsyncGenerator[str, None]]]


class CsvResponses:
    """Every CSV file of the pages is answered by this one."""

    def __init__(self, downloads: Downloads, zone: tzinfo) -> None:
        """zone: of the plant, whose time is in the name of a file."""
        self._downloads = downloads
        self._zone = zone

    async def response(self, request: Request, identify: Identify, name: str, read: Read) -> Response:
        """The file with its pieces as they are read; 403, 404, 422, 429 or 503 where that is refused or fails at once.

        identify: by the headers of the request. name: of the file, without the time. read: gives the pieces.
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
                                     headers={'Retry-After': str(AGAIN_S)})
