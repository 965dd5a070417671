"""Closes a confirmation dialog when its command is done."""

from __future__ import annotations

from collections.abc import Awaitable

from nicegui import ui

from ...core.errors import FloorError
from .messages import Alert, as_sentence


async def close_when_done(dialog: ui.dialog, problem: Alert, command: Awaitable[object]) -> None:
    """Close the dialog when the command is done; if it fails, show the error and keep the dialog open."""
    try:
        await command
    except FloorError as error:
        if not dialog.is_deleted:
            problem.show(as_sentence(error))
    else:
        if not dialog.is_deleted:
            dialog.close()
