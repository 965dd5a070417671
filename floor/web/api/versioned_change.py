"""A change that is based on a version: of the request, or of If-Match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from fastapi import HTTPException

from ...core.errors import EditConflictError
from ..http.entity_tags import tag_of_version, versions_in

Result = TypeVar('Result')


class Versioned(Protocol):
    """Something with a version."""

    @property
    def version(self) -> int:
        """Increases with every change."""


Present = TypeVar('Present', bound=Versioned)


class VersionMismatchError(Exception):
    """If-Match does not contain the present version. current: what it is now."""

    def __init__(self, message: str, current: object) -> None:
        super().__init__(message)
        self.current = current


async def change(read: Callable[[], Awaitable[Present]], make: Callable[[int], Awaitable[Result]], seen: int | None,
                 if_match: str | None, *, called: Callable[[Present], str],
                 missing: str = 'the version is missing: send version, or the ETag in the header If-Match') -> Result:
    """Make a change based on a version.

    read: returns what is changed as it is now. make: takes the version. seen: the version of the request, if it has
    one. called: the name for a person. missing: the message for a request without a version.
    :raises VersionMismatchError: If-Match is outdated
    :raises EditConflictError: the version is outdated
    """
    if if_match is None:
        if seen is None:
            raise HTTPException(428, missing)
        return await make(seen)
    present, versions = await read(), versions_in(if_match)
    if versions is not None and present.version not in versions:
        raise VersionMismatchError(
            f'If-Match does not match the current version of {called(present)}, whose ETag is '
            f'{tag_of_version(present.version)}: compare your change with current, then send that tag', present)
    try:
        return await make(present.version if seen is None else seen)
    except EditConflictError as conflict:
        if seen is None:  # changed after the check of If-Match
            raise VersionMismatchError(str(conflict), conflict.current) from conflict
        raise
