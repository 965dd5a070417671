"""The terminal output at startup."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from ..access.key_links import own_address
from ..core.console import say
from ..core.errors import SettingsError
from ..core.settings import Settings
from ..core.version import program_version
from ..db.connection_source import DatabaseSource

log = logging.getLogger(__name__)


def reporter(settings: Settings) -> Callable[[str], None]:
    """The function that reports steps: on a terminal, else in the log with timestamps."""
    return say if settings.log_format == 'text' and sys.stdout.isatty() else log.info


def welcome(settings: Settings, source: DatabaseSource) -> None:
    """Print the address of the floor, how to open its database, and how to stop."""
    if settings.log_format == 'json':
        log.info('started', extra={'version': program_version(), 'host': settings.host, 'port': settings.port,
                                   'database': settings.source.value})
        return
    here = f'http://localhost:{settings.port}'
    address = here if settings.is_private else settings.public_url or own_address(settings)
    console = Console(soft_wrap=True)
    console.print(f'\n[bold]Line Monitor[/bold] is at [bold]{address}[/bold]')
    console.print(f'[dim]database[/dim]  {escape(source.psql)}')
    console.print('[dim]stop[/dim]      Ctrl-C\n')


def check_port(host: str, port: int) -> None:
    """:raises SettingsError: another program listens there, or it is not an address of this machine"""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f'cannot listen on {host}:{port} ({error.strerror or error}): stop the program '
                                f'that listens there, or set another PORT') from error
