"""Texts of errors as sentences."""

from __future__ import annotations

ENDS = ('.', '!', '?', '…')


def full_stop(text: object) -> str:
    """The text, with a full stop unless it ends a sentence already."""
    words = str(text).strip()
    return words if words.endswith(ENDS) else f'{words}.'


def as_sentence(error: object) -> str:
    """An error as people read it: 'The database cannot answer: ...' with a capital and a full stop."""
    text = full_stop(error)
    return f'{text[:1].upper()}{text[1:]}'
