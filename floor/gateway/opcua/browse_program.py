"""`python -m floor.gateway browse`: what an OPC UA server has, as points for gateway.yaml."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ...core.console import Parser
from ..config_file import read_config
from ..errors import GatewayConfigError, SourceError
from ..opcua_config import OpcUaConfig
from .browse import browse, point_list
from .connection import ERRORS, explain

SCHEME = 'opc.tcp://'


def main(arguments: Sequence[str], program: str) -> int:
    """Print the list. Returns 0.

    :raises GatewayConfigError: the file does not say which server
    :raises SourceError: the server cannot be read
    """
    parser = Parser(prog=program, description='Writes the variables of an OPC UA server as points for gateway.yaml, '
                    'with their types and present values. Keep those that you want.')
    parser.add_argument('server', metavar='FILE|URL', help='gateway.yaml, whose source needs no points yet, or the '
                        f'address of a server without security and login, such as {SCHEME}10.0.0.7:4840')
    parser.add_argument('--source', metavar='NAME', help='which source of FILE; needed if it has several of OPC UA')
    options = parser.parse_args(arguments)
    config = _config(options.server, options.source)
    try:
        variables = asyncio.run(browse(config, None if config.login is None else config.login.password.read()))
    except ERRORS as error:
        raise SourceError(explain(error, config)) from error
    for line in point_list(variables):
        print(line)
    return 0


def _config(server: str, name: str | None) -> OpcUaConfig:
    if server.startswith(SCHEME):
        return OpcUaConfig.model_construct(type='opcua', name='browse', url=server)
    if not Path(server).exists():
        raise GatewayConfigError(f'{server} is neither a file nor an address such as {SCHEME}10.0.0.7:4840')
    sources = [each for each in read_config(Path(server), needs_points=False).sources
               if isinstance(each, OpcUaConfig) and name in (None, each.name)]
    if len(sources) == 1:
        return sources[0]
    if sources:
        names = ', '.join(each.name for each in sources)
        raise GatewayConfigError(f'{server} has several OPC UA sources: choose one with --source ({names})')
    raise GatewayConfigError(f'{server} has no OPC UA source' + (f' with the name {name}' if name else ''))
