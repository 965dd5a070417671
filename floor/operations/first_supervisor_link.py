"""Prints a link for the first supervisor at startup, where other machines can connect and there is none."""

from __future__ import annotations

import logging
import shlex
import sys

from ..access.first_supervisor import FirstSupervisor
from ..access.key_links import address_of_link, own_address
from ..core.console import say
from ..core.errors import DatabaseUnavailableError, NotAllowedError
from ..core.people import Role
from ..core.settings import ConnectionSource, Settings, on_databricks

log = logging.getLogger(__name__)
PROGRAM = f'{shlex.quote(sys.executable)} -m floor.access'
FIRST = 'first-supervisor'


async def offer_first_supervisor(settings: Settings, first_supervisor: FirstSupervisor) -> None:
    """Print the link on a terminal; a log must not contain it, so there only the command that prints it is named."""
    if settings.is_private or on_databricks() or settings.role_of_strangers is Role.SUPERVISOR:
        return
    try:
        if not await first_supervisor.is_missing():
            if not (settings.signs_people_in or settings.allow_anonymous):
                say(f'People sign in by links. {_command(settings, "invite EMAIL")} prints one, for a supervisor too.')
            return
        if settings.log_format != 'text':
            log.warning('there is no supervisor: %s prints a link that makes one', f'{PROGRAM} {FIRST}')
            return
        address = address_of_link(await first_supervisor.make_link(), settings)
    except (DatabaseUnavailableError, NotAllowedError) as error:  # or another instance was faster
        log.warning('no link for a first supervisor: %s', error)
        return
    say(f'There is no supervisor. This link makes one, once, within 24 hours: {address}')
    say(f'Another one: {_command(settings, FIRST)}')


def _command(settings: Settings, command: str) -> str:
    """A command for another terminal, which does not have the variables that this program was started with."""
    is_embedded = settings.source is ConnectionSource.EMBEDDED
    folder = f'DATA_DIR={shlex.quote(str(settings.data_dir.absolute()))} ' if is_embedded else ''
    address = shlex.quote(settings.public_url or own_address(settings))
    return f'{folder}{PROGRAM} {command} --address {address}'
