"""A text field is filled by one message to its browser, so that nothing can be typed between two of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing import User

import floor
from floor.web.live.nicegui_bridge import SHOW_VALUE
from floor.web.shell.text_field import TextArea, TextField


@pytest.mark.parametrize('kind', [TextField, TextArea])
async def test_the_value_and_that_it_is_to_be_shown_go_together(
        user: User, kind: type[TextField] | type[TextArea]) -> None:
    fields: list[TextField | TextArea] = []
    ui.page('/')(lambda: fields.append(kind('Description')))
    await user.open('/')
    field, = fields
    field._to_dict()

    field.value = 'Pin sticks'

    assert not [message for message in field.client.outbox.messages if SHOW_VALUE in str(message)]
    filled = field._to_dict()
    assert (filled['props']['value'], filled['update_method']) == ('Pin sticks', SHOW_VALUE)
    assert 'update_method' not in field._to_dict(), 'what is sent for another reason leaves what is typed alone'


def test_every_text_field_of_the_program_is_one_of_these() -> None:
    sources = set(Path(floor.__file__).parent.rglob('*.py'))
    others = {path.name for path in sources if re.search(r'\bui\.(input|textarea)\(', path.read_text())}
    assert others == {'element_values.py'}, 'which only matches them'
