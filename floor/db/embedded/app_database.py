"""The app's database in the embedded server."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ...core.errors import EmbeddedDatabaseError
from ...core.session_settings import OPTIONS
from .processes import Wait, finished, plain_environment
from .sockets import address


def create_database(psql: Path, sockets: Path, name: str, *, schema: str, log: Path) -> Wait:
    """Create the app's database if missing, and put its schema in every session's search_path.

    :raises EmbeddedDatabaseError: psql failed; the message names the log
    """
    statements = (
        "SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS "
        "(SELECT FROM pg_database WHERE datname = :'name') \\gexec\n"
        'ALTER DATABASE :"name" SET search_path = :"schema", public;\n'
    )
    with tempfile.TemporaryFile() as script, tempfile.TemporaryFile() as answer:
        script.write(statements.encode())
        script.seek(0)
        process = subprocess.Popen(  # noqa: S603 - no shell, and the values are quoted by psql
            [str(psql), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', f'name={name}',
             '-v', f'schema={schema}', '-d', address(sockets, 'postgres')],
            stdin=script, stdout=subprocess.DEVNULL, stderr=answer,
            env=plain_environment() | {'PGOPTIONS': OPTIONS},
        )
        yield from finished(process)
        if process.returncode:
            answer.seek(0)
            output = ' '.join(answer.read().decode(errors='replace').split())
            raise EmbeddedDatabaseError(
                f'The database {name} could not be created: {output}; see {log}.'
            )
