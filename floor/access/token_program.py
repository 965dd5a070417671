"""`line-monitor token NAME`: an API token, alone on standard output."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from ..core.console import Parser
from .access_program import run, token_arguments


def main(arguments: Sequence[str] | None = None, program: str = 'line-monitor token') -> int:
    """Returns 0, or 1 after printing one line about the error."""
    parser = Parser(prog=program, description='Make an API token, and print it alone on standard output.')
    token_arguments(parser)
    return run(parser.parse_args(arguments, Namespace(command='token')))
