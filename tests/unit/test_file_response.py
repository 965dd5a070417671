"""A file for Excel, or problem details that say why there is none; and nobody else makes one."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import UTC
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from httpx import ASGITransport, AsyncClient

from floor.core.csv_file import BYTE_ORDER_MARK, heading, lines
from floor.core.errors import (
    DatabaseUnavailableError,
    FloorError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    QueryError,
    TooManyDownloadsError,
)
from floor.core.people import Identity
from floor.web.api.problems import answer_problems
from floor.web.http.downloads import Downloads
from floor.web.http.file_response import FileResponses, NamedFile, disposition

FLOOR = Path(__file__).parents[2] / 'floor'


async def asked(error: FloorError | None = None, refusal: NotAllowedError | None = None) -> tuple[int, str, str]:
    """Status, text or problem, and name of the file, where reading raises the error or identifying the refusal."""
    app = FastAPI()
    answer_problems(app)

    def identify(_headers: object) -> Identity:
        if refusal is not None:
            raise refusal
        return Identity('Mike', None)

    async def read() -> NamedFile:
        if error is not None:
            raise error

        async def pieces() -> AsyncGenerator[str, None]:
            yield heading(['Machine', 'Reason'])
            yield lines([['Valve_01_01', '=1+1'], [None, 2.50]], UTC)
        return NamedFile('stops_2026-11-22_2026-11-28.csv', pieces())

    files = FileResponses(Downloads())

    @app.get('/file.csv')
    async def file(request: Request) -> Response:
        return await files.response(request, identify, read)

    async with AsyncClient(transport=ASGITransport(app), base_url='http://floor') as client:
        answer = await client.get('/file.csv')
    text = answer.text if answer.status_code == 200 else answer.json()['detail']
    return answer.status_code, text, answer.headers.get('content-disposition', '')


async def test_a_file_opens_in_excel_and_has_its_name() -> None:
    status, text, name = await asked()
    assert (status, text) == (200, f"{BYTE_ORDER_MARK}Machine,Reason\r\nValve_01_01,'=1+1\r\n,2.5\r\n")
    assert name == 'attachment; filename="stops_2026-11-22_2026-11-28.csv"'


def test_a_name_in_any_script_and_with_quotes_is_one_name() -> None:
    assert disposition('stops_プレス".csv') == \
        'attachment; filename="stops_____.csv"; filename*=UTF-8\'\'stops_%E3%83%97%E3%83%AC%E3%82%B9%22.csv'


@pytest.mark.parametrize(('error', 'status', 'text'), [
    (NotFoundError('there is no such report'), 404, 'there is no such report'),
    (InvalidInputError('a page has 1 to 9 rows', 'page'), 422, 'a page has 1 to 9 rows'),
    (QueryError({'sort': 'Cannot understand sort=age.'}), 422, 'Cannot understand sort=age.'),
    (TooManyDownloadsError('You have 8 downloads under way', 5), 429, 'You have 8 downloads under way'),
    (DatabaseUnavailableError('the database does not answer'), 503, 'the database does not answer'),
])
async def test_what_is_refused_says_why_in_a_sentence(error: FloorError, status: int, text: str) -> None:
    assert (await asked(error))[:2] == (status, text)


async def test_an_unknown_person_gets_no_file() -> None:
    assert (await asked(refusal=NotAllowedError('nobody is signed in')))[:2] == (403, 'nobody is signed in')


def test_every_csv_file_is_written_and_answered_in_one_place() -> None:
    modules = {path: path.read_text() for path in FLOOR.rglob('*.py')}
    assert [path.name for path, text in modules.items() if re.search(r'^import csv$', text, re.M)] == ['csv_file.py']
    assert [path.name for path, text in modules.items() if 'text/csv' in text] == ['file_response.py']
