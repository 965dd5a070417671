"""Numbers in an address."""

from __future__ import annotations

import pytest

from floor.core.errors import QueryError
from floor.core.query_parameters import Query


@pytest.mark.parametrize(('text', 'number'), [
    ('1', 1), ('100', 100), ('', 7), ('0', None), ('101', None), ('-1', None)])
def test_a_number_is_from_1_to_the_most(text: str, number: int | None) -> None:
    query = Query({'limit': text}, ['limit'])
    found = query.number('limit', 100, default=7)
    if number is None:
        with pytest.raises(QueryError, match='use a number from 1 to 100'):
            query.check()
    else:
        query.check()
        assert found == number
