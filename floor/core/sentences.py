"""Errors as sentences."""

from __future__ import annotations

ENDS = ('.', '!', '?', '…')


def full_stop(text: object) -> str:
    """The text, with a full stop unless it ends a sentence already."""
    stripped = str(text).strip()
    return stripped if stripped.endswith(ENDS) else f'{stripped}.'


def as_sentence(error: object) -> str:
    """An error for display: 'The database cannot answer: ...' with a capital and a full stop."""
    text = full_stop(error)
    return f'{text[:1].upper()}{text[1:]}'
