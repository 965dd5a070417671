"""mypy knows each named query and its arguments: floor/db/queries.py is what the headers of sql/queries say."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, get_type_hints

from floor.db.queries import Queries
from floor.db.query_files import load_queries
from floor.db.query_stubs import STUBS, headers, stubs


def test_the_stubs_are_those_of_the_headers() -> None:
    assert STUBS.read_text(encoding='utf-8') == stubs(), 'run: python -m floor.db.query_stubs'


def test_every_named_query_has_a_stub_and_its_own_name() -> None:
    names = Counter(header.name for header in headers())
    queries: Any = load_queries()
    loaded = {name for name in queries.available_queries if not name.endswith('_cursor')}
    assert set(names) == loaded
    assert [name for name, times in names.items() if times > 1] == []


def test_a_header_declares_the_parameters_of_its_query() -> None:
    used = {header.name: set(re.findall(r'(?<![:\w]):([a-z_]+)\b(?!\s*:=)',
                                        re.sub(r"--[^\n]*|'[^']*'", '', header.sql))) for header in headers()}
    assert used == {header.name: set(header.parameters) for header in headers()}


def test_an_argument_has_the_type_that_its_query_casts_it_to() -> None:
    listed = get_type_hints(Queries.stop_list)
    assert listed['now'] == datetime | None
    assert listed['untils'] == Collection[datetime | None] | None
    assert (listed['kpi'], listed['places']) == (str | None, Collection[str | None] | None)
    assert (listed['skip'], listed['descending']) == (int | None, bool | None)
    casts = {(header.name, name): {*re.findall(rf':{name}::(\w+(?:\[\])?)', header.sql)}
             for header in headers() for name in header.parameters}
    assert {where: types for where, types in casts.items() if len(types) > 1} == {}, 'one type each'


def test_mypy_finds_a_misspelt_query_or_argument() -> None:
    """Nothing takes other names, and no argument is given by place or left out."""
    assert get_type_hints(load_queries)['return'] is Queries
    assert not hasattr(Queries, '__getattr__')
    methods = {name: method for name, method in vars(Queries).items()
               if inspect.isfunction(method) and not name.startswith('_')}
    assert len(methods) > 100
    for name, method in methods.items():
        _, connection, *arguments = inspect.signature(method).parameters.values()
        assert connection.name == 'connection'
        assert {(argument.kind, argument.default) for argument in arguments} <= {
            (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty)}, name
