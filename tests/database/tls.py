"""A PostgreSQL as Lakebase is one: TLS only, and a password that changes with every token.

The embedded binaries are built without TLS. So there are two: a PostgreSQL of this machine that has TLS of its own,
where one is installed, and everywhere the embedded one behind a door that speaks TLS.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from database.postgres import Server

ROLE = 'app-service-principal'
SSL_REQUEST = struct.pack('>II', 8, 80877103)


@dataclass
class TlsDatabase:
    """One database, and how strangers reach it. Passwords are enforced for ROLE only."""

    server: Server
    url: str
    """For its administrator, on the unix socket."""
    port: int
    """For everybody else, on 127.0.0.1."""

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.removeprefix('/')

    def set_password(self, password: str) -> None:
        """From now on the only one that lets ROLE in."""
        self.server.psql(self.url, '-c', f"ALTER ROLE \"{ROLE}\" PASSWORD '{password}'")

    def kill_connections(self) -> None:
        """End every session of ROLE, as a failover does."""
        self.server.psql(self.url, '-c', f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                         f"WHERE usename = '{ROLE}'")


def with_tls() -> Path | None:
    """The programs of a PostgreSQL on this machine that was built with TLS."""
    for programs in sorted(Path('/usr/lib/postgresql').glob('*/bin'), reverse=True):
        if not all((programs / program).exists() for program in ('pg_config', 'postgres', 'initdb', 'psql')):
            continue
        configured = subprocess.run([programs / 'pg_config', '--configure'], capture_output=True, text=True, check=True)
        if 'openssl' in configured.stdout:
            return programs
    return None


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1 that nobody vouches for, and its key."""
    certificate, key = folder / 'server.crt', folder / 'server.key'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                    '-keyout', key, '-out', certificate], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def own_tls(programs: Path) -> tuple[Server, int]:
    """A server that speaks TLS itself and its port."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]

    def prepare(data: Path) -> None:
        certificate(data)
        (data / 'pg_hba.conf').write_text(f'local all postgres trust\n'
                                          f'hostssl all "{ROLE}" 127.0.0.1/32 scram-sha-256\n')

    settings = {'ssl': 'on', 'listen_addresses': '127.0.0.1', 'port': str(port)}
    return Server(int(programs.parent.name), programs=programs, settings=settings, prepare=prepare), port


def behind_a_door(major: int) -> Server:
    """The embedded server, on its unix socket; passwords are enforced there."""
    def prepare(data: Path) -> None:
        (data / 'pg_hba.conf').write_text(f'local all "{ROLE}" scram-sha-256\nlocal all postgres trust\n')

    return Server(major, prepare=prepare)


@asynccontextmanager
async def door(url: str, folder: Path) -> AsyncIterator[int]:
    """A port that lets in whoever speaks TLS, and leads to the unix socket of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder))
    path = f'{parse_qs(urlsplit(url).query)["host"][0]}/.s.PGSQL.5432'
    visits: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST:
                writer.write(b'S')
                await writer.start_tls(context)
                inner_reader, inner_writer = await asyncio.open_unix_connection(path)
                await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        writer.close()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(visit(reader, writer))
        visits.add(task)
        task.add_done_callback(visits.discard)

    server = await asyncio.start_server(enter, '127.0.0.1', 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(visits):
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
