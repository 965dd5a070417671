"""One order of names and one way to compare texts, in the database and in Python, on every server."""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime

import pytest
from database.postgres import Connect
from hypothesis import given
from hypothesis import strategies as st
from together import together

from floor.core.names import fold, in_order_of_names, name_key, sort_key
from floor.db.database import Database
from floor.db.row_mapping import to_employee

SORTED = 'SELECT array_agg(name ORDER BY name_sort_key(name), name COLLATE "C") FROM unnest($1::text[]) AS name'


@pytest.mark.long
async def test_the_database_and_python_fold_every_character_alike(connect: Connect) -> None:
    connection = await connect()
    assigned = [chr(code) for code in range(1, sys.maxunicode + 1)
                if unicodedata.category(chr(code)) not in ('Cn', 'Cs', 'Co')]
    rows = await connection.fetch(
        "SELECT letter, fold_text('A' || letter || 'z') AS folded, name_sort_key(letter || '7') AS key "
        'FROM unnest($1::text[]) AS letter', assigned)

    assert [(row['letter'], row['folded']) for row in rows if row['folded'] != fold(f'A{row["letter"]}z')] == []
    assert [(row['letter'], row['key']) for row in rows if row['key'] != sort_key(f'{row["letter"]}7')] == []


texts = st.lists(
    st.text(st.characters(exclude_categories=['Cs', 'Cn', 'Co'], exclude_characters='\0')) | st.sampled_from(
        [' ', 'ß', 'é', 'e\u0301', '00', '2', '10', '0' * 30, '9' * 30, '\u00a0', '_', 'Machine']),
    max_size=6).map(''.join)


@pytest.mark.newest_postgres
async def test_the_database_and_python_sort_any_texts_alike(connect: Connect) -> None:
    connection = await connect()
    for names in many_lists():
        in_database = await connection.fetchval(SORTED, names)
        assert (in_database or []) == sorted(names, key=name_key)


def many_lists() -> list[list[str]]:
    found = []

    @given(st.lists(texts, max_size=30))
    def find(names: list[str]) -> None:
        found.append(names)

    find()
    return found


@together(('one', 'other'), [
    ('Straße', 'STRASSE'), ('STRAẞE', 'strasse'), ('Café', 'cafe\u0301'), ('É', 'e'), ('Ölleck', 'OLLECK'),
    ('İSTANBUL', 'istanbul'), ('ısı', 'ISI'), ('ﬁlter', 'FILTER'), ('Ｖａｌｖｅ　１', 'valve 1'), ('œuvre', 'OEUVRE'),
    ('Łódź', 'lodz'), ('smørrebrød', 'SMORREBROD'), ('Ελλάς', 'ΕΛΛΑΣ'), ('Ёлка', 'елка'), ('3\u00a0mm', '3 mm'),
    ('3\u202fmm', '3\u2009mm'), ('it’s', "it's"), ('„so“', '"so"'), ('5–6', '5-6'), ('re\u00adport', 'report'),
    ('a\u200bb', 'ab'), ('  a \r\n\t b ', 'a b'), ('½', '1/2'), ('¾″', "3/4''"), ('㎜', 'mm'), ('한국', '한국')])
async def test_texts_that_people_take_for_the_same(connect: Connect, one: str, other: str) -> None:
    folded = await (await connect()).fetchrow('SELECT fold_text($1) AS one, fold_text($2) AS other', one, other)

    assert folded['one'] == folded['other'] == fold(one) == fold(other)


def test_texts_that_differ_stay_different() -> None:
    assert len({fold(text) for text in ('a_b', 'a b', 'a%b', 'ab', 'a.b', 'か', 'き', 'ו', '1', '2', '')}) == 11


@together('names', [
    ['Machine 2', 'machine 10', 'Machine 010b', 'MACHINE 11'], ['e', 'é', 'f'], ['Emile', 'Émile 2', 'emile 10'],
    ['(spare)', '3 presses', 'press'], ['Valve 2', 'Valve_2', 'Valve_10'], ['Straße 9', 'strasse 10'],
    ['a', 'B', 'c'], ['Olpumpe', 'Ölpumpe 2', 'Zange'], ['7', '07b', '8'], ['2', '1' * 25]])
async def test_names_are_sorted_as_people_expect(connect: Connect, names: list[str]) -> None:
    in_database = await (await connect()).fetchval(SORTED, names[::-1])

    assert in_database == sorted(names[::-1], key=name_key) == names


async def test_people_are_listed_by_name_as_people_sort(connect: Connect, database: Database) -> None:
    connection = await connect()
    for number, (first, last) in enumerate([
            ('Zoë', 'östlund'), ('Max', 'Straße'), ('anna', 'Østlund'), ('Anna', 'Strass'), ('Élodie', 'Öst'),
            ('Elodie 10', 'Öst'), ('Élodie 2', 'Öst')]):
        await connection.execute("INSERT INTO employees (first_name, last_name, email, department) "
                                 "VALUES ($1, $2, $3, 'New')", first, last, f'{number}@example.com')
    async with database.acquire() as pooled:
        for query in database.queries.employees, database.queries.everybody:
            rows = [row async for row in query(pooled)]
            assert [f'{row["last_name"]}, {row["first_name"]}' for row in rows if row['department'] == 'New'] == [
                'Öst, Élodie', 'Öst, Élodie 2', 'Öst, Elodie 10', 'Østlund, anna', 'östlund, Zoë', 'Strass, Anna',
                'Straße, Max']
            assert [row['id'] for row in rows] == [each.id for each in in_order_of_names(map(to_employee, rows[::-1]))]


async def test_machines_on_no_line_stand_by_name_wherever_they_are_listed(connect: Connect, database: Database) -> None:
    await (await connect()).execute("INSERT INTO machine_feed_stream (machine_name) "
                                    "VALUES ('Press 10'), ('Öfen 1'), ('press 2'), ('Ofen 2'), ('Zange')")
    wanted = ['Öfen 1', 'Ofen 2', 'press 2', 'Press 10', 'Zange']
    now = datetime.now(UTC)
    async with database.acquire() as connection:
        for query in database.queries.snapshot, database.queries.machines, database.queries.machine_names:
            names = [row['machine_name'] async for row in query(connection)]
            assert names[-5:] == wanted
        names = [row['machine_name']
                 async for row in database.queries.report_machines(connection, start=now, until=now)]
        assert names[-5:] == wanted
