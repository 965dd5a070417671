"""How a setting says what it means and which values are allowed, and what a wrong value is answered with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from .text import shortened

PLAIN_NAME = 'lower-case letters, digits and _, at most 40'
BOOL = 'true or false'
COUNT = 'a whole number, 0 to 1000'
SECONDS = 'seconds, above 0'
UP_TO_A_MINUTE = 'seconds, above 0, at most 60'
TOO_LONG_TO_SHOW = 60


def setting(allowed: str, meaning: str, *, shown_default: str | None = None, **limits: Any) -> Any:
    """A field. allowed: what a value must be, for errors; meaning: the documentation, in Markdown;
    shown_default: for the tables, if the default depends on the environment; limits: arguments of Field."""
    return Field(description=meaning, json_schema_extra={'allowed': allowed, 'shown_default': shown_default}, **limits)


def lower_case(value: Any) -> Any:
    """A text in lower case, without spaces around it; other values unchanged."""
    return value.strip().lower() if isinstance(value, str) else value


def text_of(field: FieldInfo, key: str) -> str:
    """What setting was given as allowed or shown_default; '' if nothing."""
    extra = field.json_schema_extra
    return str(extra[key] or '') if isinstance(extra, dict) else ''


def explain(settings: type[BaseSettings], error: ValidationError, overrides: Mapping[str, Any]) -> str:
    """One line for the first wrong value: the variable, the value, and what is allowed."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first['loc'][0]) if first['loc'] else ''
    variable = name.upper()
    field = settings.model_fields.get(name)
    secret = field is not None and not field.repr
    given = overrides.get(name) or os.environ.get(variable) or os.environ.get(name) or first.get('input')
    value = '...' if secret else shortened(str(given), TOO_LONG_TO_SHOW, '...')
    allowed = text_of(field, 'allowed') if field is not None else first['msg']
    return f'{variable}={value} cannot be used: it must be {allowed}'
