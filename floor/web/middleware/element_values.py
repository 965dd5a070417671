"""Checks whether a value that a browser sends is valid for its element.

NiceGUI passes it to the element's handlers unchecked: a number instead of a text raises an exception there.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlsplit

from nicegui import json, ui
from nicegui.element import Element
from nicegui.elements.mixins.openable_element import OpenableElement
from nicegui.elements.mixins.value_element import ValueElement

from ..live.nicegui_bridge import listener_of, number_of_options, value_event

WRONG = 'a value of another type'
ADDRESSES = {'sub_pages_open', 'sub_pages_navigate'}
"""Events of NiceGUI with an address that the browser opens; on every page."""
OUTDATED = 'an event without a listener'
"""Not an error: the element may have changed while the event was in transit."""


def fault_of_value(element: Element, listener_id: str, args: list[str | None]) -> str | None:
    """The error in the arguments of an event, each in JSON; None: they are valid, or cannot be checked."""
    listener = listener_of(element, listener_id)
    if listener is None:
        return OUTDATED
    if listener.type in ADDRESSES:
        return None if len(args) == 1 and args[0] is not None and _is_address(json.loads(args[0])) else WRONG
    if not isinstance(element, ValueElement) or listener.type != value_event(element.VALUE_PROP):
        return None
    if len(args) != 1:
        return WRONG
    return _fault(element, None if args[0] is None else json.loads(args[0]))


def _fault(element: Element, value: Any) -> str | None:
    match element:
        case ui.select() if element.multiple:
            return _first_fault(element, value or []) if isinstance(value, list | None) else WRONG
        case ui.select():
            return None if value is None else _fault_of_choice(element, value)
        case ui.radio() | ui.toggle():
            return _fault_of_index(element, value)
    return None if _fits(element, value) else WRONG


def _fits(element: Element, value: Any) -> bool:
    match element:
        case ui.number() | ui.slider():
            return value is None or value == '' or _is_number(value)
        case ui.checkbox() | ui.switch() | OpenableElement():
            return isinstance(value, bool | None)
        case ui.input() | ui.textarea():
            return isinstance(value, str | None)
    return True  # other elements are not checked


def _first_fault(element: ui.select, values: list[Any]) -> str | None:
    return next((fault for value in values if (fault := _fault_of_choice(element, value)) is not None), None)


def _fault_of_choice(element: ui.select, value: Any) -> str | None:
    if isinstance(value, str):
        return None if element.props.get('new-value-mode') else WRONG
    return _fault_of_index(element, value.get('value')) if isinstance(value, dict) else WRONG


def _fault_of_index(element: Any, value: Any) -> str | None:
    if value is None and isinstance(element, ui.toggle):
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return WRONG
    return None if value < number_of_options(element) else OUTDATED


def _is_address(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(urlsplit(value)) and value.isprintable()
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
