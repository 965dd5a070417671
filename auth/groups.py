"""Roles by the groups that a sign-in names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floor.core.people import Role


def role_of_groups(groups: Iterable[str], roles: Mapping[str, Role]) -> Role | None:
    """The highest role of these groups; None: none has one. A leading / as in paths of Keycloak does not count."""
    found = [roles[name] for group in groups for name in (group, group.removeprefix('/')) if name in roles]
    return max(found, key=list(Role).index, default=None)
