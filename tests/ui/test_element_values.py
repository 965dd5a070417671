"""Values that a browser can send for an element, and values that no browser sends: each is given to the element too, to
see that the first are taken and that the second would be an exception, or a value that the program does not expect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User

from floor.web.middleware.element_values import OUTDATED, WRONG, fault_of_value

ELEMENTS = {
    'input': lambda: ui.input('Name'), 'textarea': lambda: ui.textarea('Text'), 'number': lambda: ui.number('Number'),
    'select': lambda: ui.select(['a', 'b'], clearable=True), 'multiple': lambda: ui.select(['a', 'b'], multiple=True),
    'radio': lambda: ui.radio(['a', 'b']), 'checkbox': lambda: ui.checkbox('Check'), 'dialog': ui.dialog}


@pytest.mark.parametrize(('kind', 'value', 'fault'), [
    ('input', 'x', None), ('input', None, None), ('input', 7, WRONG), ('input', {}, WRONG), ('input', ['x'], WRONG),
    ('textarea', 'x\ny', None), ('textarea', True, WRONG), ('number', '7.5', None), ('number', 7, None),
    ('number', None, None), ('number', '', None), ('number', 'x', WRONG), ('number', 'nan', WRONG),
    ('number', '1e999', WRONG), ('number', [], WRONG), ('number', True, WRONG),
    ('select', {'value': 1, 'label': 'b'}, None), ('select', None, None), ('select', 'a', WRONG), ('select', 1, WRONG),
    ('select', {'value': 'b'}, WRONG), ('select', {'value': -1}, WRONG), ('select', {}, WRONG),
    ('select', {'value': 9}, OUTDATED), ('multiple', [{'value': 0}], None), ('multiple', [], None),
    ('multiple', None, None), ('multiple', {'value': 0}, WRONG), ('multiple', [7], WRONG), ('radio', 1, None),
    ('radio', '1', WRONG), ('radio', None, WRONG), ('radio', 2, OUTDATED), ('checkbox', True, None),
    ('checkbox', None, None), ('checkbox', 1, WRONG), ('checkbox', 'true', WRONG), ('dialog', False, None),
    ('dialog', [], WRONG)])
async def test_a_value_is_one_of_its_element_or_goes_no_further(
        user: User, kind: str, value: Any, fault: str | None) -> None:
    @ui.page('/')
    def page() -> None:
        element = ELEMENTS[kind]()
        listener, = [listener_id for listener_id, each in element._event_listeners.items()
                     if each.type.startswith('update:')]
        assert fault_of_value(element, listener, [json.dumps(value)]) == fault
        if fault is None:
            element._handle_event({'listener_id': listener, 'args': value})
        assert fault_of_value(element, listener, []) == WRONG
        assert fault_of_value(element, 'gone', []) == OUTDATED

    await user.open('/')


@pytest.mark.parametrize(('args', 'fault'), [
    (['/work-orders?search=x'], None), (['#top'], None), ([''], None), (['/ü'], None),
    ([None], WRONG), ([7], WRONG), ([['/']], WRONG), ([{'path': '/'}], WRONG), (['//[x'], WRONG), (['/\0'], WRONG),
    ([], WRONG), (['/', '/'], WRONG)])
@pytest.mark.parametrize('event', ['sub_pages_open', 'sub_pages_navigate'])
async def test_where_a_browser_goes_is_an_address(user: User, event: str, args: list[Any], fault: str | None) -> None:
    @ui.page('/')
    def page() -> None:
        layout = ui.context.client.layout
        listener, = [listener_id for listener_id, each in layout._event_listeners.items() if each.type == event]
        assert fault_of_value(layout, listener, [json.dumps(arg) for arg in args]) == fault

    await user.open('/')
