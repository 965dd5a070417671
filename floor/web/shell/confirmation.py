"""Runs commands, and shows why one fails."""

from __future__ import annotations

from collections.abc import Awaitable

from nicegui import ui

from ...core.errors import FloorError
from .messages import Alert, as_sentence


async def close_when_done(dialog: ui.dialog, problem: Alert, command: Awaitable[object]) -> None:
    """Close the dialog when the command is done; if it fails, show the error and keep the dialog open."""
    if await succeeds(command, problem) and not dialog.is_deleted:
        dialog.close()


async def succeeds(command: Awaitable[object], problem: Alert) -> bool:
    """Run a command, and show why it fails; whether it does not."""
    if not problem.is_deleted:
        problem.show('')
    try:
        await command
    except FloorError as error:
        if not problem.is_deleted:
            problem.show(as_sentence(error))
        return False
    return True
