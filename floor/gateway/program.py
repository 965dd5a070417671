"""`python -m floor.gateway` and `line-monitor gateway`: the command line of the gateway.

    python -m floor.gateway gateway.yaml             reads machines and reports to the app
    python -m floor.gateway gateway.yaml --dry-run   prints what would be sent
    python -m floor.gateway check gateway.yaml       says what each point would do
    python -m floor.gateway browse opc.tcp://HOST    lists what an OPC UA server has, as points
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..core.console import Parser, print_every_path
from ..core.errors import FloorError
from ..core.log_lines import log_to_stderr
from .errors import GatewayConfigError

log = logging.getLogger(__name__)

MISSING = 'the gateway needs more packages: pip install "line-monitor[gateway]" ({})'


def main(arguments: Sequence[str] | None = None, program: str = 'python -m floor.gateway') -> int:
    """Returns 0, or 1 after printing one line for each error, or 2 for wrong arguments."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    print_every_path()
    try:
        if arguments and arguments[0] == 'check':
            return _check(arguments[1:], f'{program} check')
        if arguments and arguments[0] == 'browse':
            from .opcua.browse_program import main as browse  # noqa: PLC0415

            return browse(arguments[1:], f'{program} browse')
        return _run(arguments, program)
    except ModuleNotFoundError as error:
        print(f'{program}: {MISSING.format(error)}', file=sys.stderr)
    except FloorError as error:
        print(f'{program}: {error}', file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1


def _run(arguments: Sequence[str], program: str) -> int:
    parser = Parser(prog=program, description='Reads machines from MQTT, Sparkplug B and OPC UA, and reports to the '
                    'app. floor/gateway/README.md explains the file.',
                    epilog=f'{program} check FILE says in words what each point of a file would do; '
                           f'{program} browse FILE|URL lists the variables of an OPC UA server.')
    parser.add_argument('file', metavar='FILE', type=Path, help='gateway.yaml')
    parser.add_argument('--dry-run', action='store_true', help='print what would be sent to the app, and send nothing')
    options = parser.parse_args(arguments)
    from .config_file import read_config  # noqa: PLC0415

    config = read_config(options.file)
    log_to_stderr(config.log.level, config.log.format)
    logging.getLogger('asyncua').setLevel(logging.WARNING)
    from .gateway import Gateway, run_trial, run_until_stopped  # noqa: PLC0415 (takes a moment)

    async def run() -> None:
        if options.dry_run:
            await run_until_stopped(lambda: run_trial(config, lambda event: print(event, flush=True)))
        else:
            gateway = Gateway(config)
            await run_until_stopped(gateway.run)

    asyncio.run(run())
    return 0


def _check(arguments: Sequence[str], program: str) -> int:
    parser = Parser(prog=program, description='Says in words what each point of a file would do; connects to nothing.')
    parser.add_argument('file', metavar='FILE', type=Path, help='gateway.yaml')
    file: Path = parser.parse_args(arguments).file
    from .config_file import read_config  # noqa: PLC0415
    from .description import describe  # noqa: PLC0415
    from .source_factory import make_source  # noqa: PLC0415

    config = read_config(file)
    print('\n'.join(describe(config)))
    needs: list[Callable[[], object]] = [config.app.token.read, config.app.tls,
                                         *(partial(make_source, each) for each in config.sources)]
    for need in needs:
        try:
            need()
        except GatewayConfigError as error:
            print(f'Not yet there: {error}', file=sys.stderr)
    return 0
