"""An error's text becomes one sentence, whatever it ends with."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from floor.core.errors import NotAllowedError
from floor.core.sentences import as_sentence, full_stop
from floor.web.api.problems import _not_signed_in


@pytest.mark.parametrize(('text', 'sentence'), [
    ('the database does not answer', 'The database does not answer.'), ('which one counts?', 'Which one counts?'),
    ('it is gone.', 'It is gone.'),
    ('stop!', 'Stop!'), (' and so on… ', 'And so on…'), ('', '.')])
def test_it_ends_once(text: str, sentence: str) -> None:
    assert as_sentence(ValueError(text)) == sentence
    assert full_stop(text).lower() == sentence.lower()


def test_people_who_are_not_signed_in_read_one_sentence() -> None:
    answer = _not_signed_in(Request({'type': 'http'}), NotAllowedError('whose name is right?'))
    assert answer.body == b'Whose name is right?'
