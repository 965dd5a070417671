"""Translates the connection parameters of libpq for asyncpg, which supports fewer.

asyncpg sends unknown parameters to the server as settings, and the server refuses the connection with "unrecognized
configuration parameter". Here each parameter of libpq works, or is ignored with a warning that names it, or is refused
with an error: a security requirement is never ignored.

Reference: https://www.postgresql.org/docs/18/libpq-connect.html
"""

from __future__ import annotations

import configparser
import getpass
import logging
import os
import re
import ssl
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from ..core.errors import SettingsError

log = logging.getLogger(__name__)

KNOWN = {'host', 'port', 'dbname', 'database', 'user', 'password', 'passfile', 'sslmode', 'sslcert', 'sslkey',
         'sslrootcert', 'sslcrl', 'sslpassword', 'sslnegotiation', 'ssl_min_protocol_version',
         'ssl_max_protocol_version', 'target_session_attrs', 'krbsrvname', 'gsslib', 'service', 'options'}
"""Supported by asyncpg, which reads the PG* variables of all but two itself."""
PASSED_ON = {'PGOPTIONS': 'options', 'PGSERVICE': 'service'}
"""The two."""
IGNORED = {'connect_timeout': 'PGCONNECT_TIMEOUT', 'keepalives': '', 'keepalives_idle': '', 'keepalives_interval': '',
           'keepalives_count': '', 'tcp_user_timeout': '', 'application_name': 'PGAPPNAME',
           'fallback_application_name': '', 'client_encoding': 'PGCLIENTENCODING', 'gssencmode': 'PGGSSENCMODE',
           'gssdelegation': 'PGGSSDELEGATION', 'channel_binding': 'PGCHANNELBINDING', 'sslcompression': '',
           'sslsni': 'PGSSLSNI', 'sslcertmode': 'PGSSLCERTMODE', 'load_balance_hosts': 'PGLOADBALANCEHOSTS',
           'min_protocol_version': 'PGMINPROTOCOLVERSION', 'max_protocol_version': 'PGMAXPROTOCOLVERSION',
           'sslkeylogfile': '', 'hostaddr': 'PGHOSTADDR', 'requirepeer': 'PGREQUIREPEER',
           'require_auth': 'PGREQUIREAUTH', 'requiressl': 'PGREQUIRESSL', 'replication': '',
           'scram_client_key': '', 'scram_server_key': '', 'oauth_issuer': '', 'oauth_client_id': '',
           'oauth_client_secret': '', 'oauth_scope': '', 'servicefile': ''}
"""The other parameters of libpq, and their variables. Those that are not in DEMANDS are ignored with a warning."""
VERIFY = 'Write sslmode=verify-full and sslrootcert=system (or a file) instead, which authenticate the server'
DEMANDS = {
    'channel_binding': ({'require'}, VERIFY),
    'gssencmode': ({'require'}, 'Write sslmode=require instead: TLS encrypts too'),
    'sslcertmode': ({'require'}, 'Give sslcert and sslkey, which are sent when the server asks for them'),
    'require_auth': (None, VERIFY),
    'requirepeer': (None, 'Let only that user write to the folder of the socket'),
    'requiressl': ({'1'}, 'Write sslmode=require instead'),
    'hostaddr': (None, 'Write host instead: it takes an address too'),
    'servicefile': (None, 'Set PGSERVICEFILE instead'),
    'replication': ({'true', 'on', 'yes', '1', 'database'}, 'Leave it out'),
    'scram_client_key': (None, 'Give the password'),
    'scram_server_key': (None, 'Give the password'),
    'oauth_issuer': (None, 'Give a password'),
}
"""The values (None: any) that demand something unsupported, so they cannot be ignored; and what to do."""
SECRET = re.compile('pass|pwd|secret|token|@|%40', re.IGNORECASE)
"""Parts of a query that may contain a secret; the names of its parameters are then not shown."""
SSL_MODES = ('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full')
SYSTEM_CERTIFICATES = ('/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem')


def connection_url(url: str | None, given: Mapping[str, str] | None = None,
                   environ: MutableMapping[str, str] = os.environ) -> str | None:
    """The address for asyncpg, equal to url and the PG* variables for libpq; None if the variables suffice.

    given: further parameters by their libpq names, such as those from .env.

    :raises SettingsError: the message names the parameter and what to do
    """
    source = 'DATABASE_URL' if url else 'the PG* variables'
    parts = urlsplit(url or 'postgresql:///')
    try:
        asked = dict(parse_qsl(parts.query, strict_parsing=True, keep_blank_values=True)) if parts.query else {}
    except ValueError as error:
        raise SettingsError('DATABASE_URL cannot be used: after its ? it takes parameters as name=value, with & '
                            'between them') from error
    if unknown := sorted(asked.keys() - KNOWN - IGNORED.keys()):
        # it may be part of a password with an & or a ? in it
        name = 'NAME' if SECRET.search(parts.query) else unknown[0]
        raise SettingsError(f'DATABASE_URL has the parameter {name}, which PostgreSQL does not know; a setting of the '
                            f'server is written options=-c%20{name}%3D...')
    _ignore(asked, source, environ)
    wanted = {**(given or {}), **asked}
    for variable, name in PASSED_ON.items():
        if environ.get(variable):
            wanted.setdefault(name, environ[variable])
    if not parts.username and not wanted.keys() & {'user', 'service'} and not environ.get('PGUSER'):
        _require_a_user(source)
    _check_service(wanted.get('service'), environ)
    _find_certificates(wanted, environ)
    if passfile := wanted.pop('passfile', None):  # asyncpg fails if it is in an address
        environ['PGPASSFILE'] = passfile
    path = parts.path.removesuffix('/')  # asyncpg reads / as a database without a name
    if not wanted and not path and not parts.netloc:
        return None
    query = parts.query if wanted == dict(parse_qsl(parts.query)) else urlencode(wanted, quote_via=quote)
    return f'{parts.scheme}://{parts.netloc}{path}' + (f'?{query}' if query else '')


def _ignore(asked: dict[str, str], source: str, environ: Mapping[str, str]) -> None:
    """Remove parameters that asyncpg must not see; a warning names them."""
    ignored = {name: asked.pop(name) for name in sorted(asked.keys() & IGNORED.keys())}
    for name, variable in IGNORED.items():
        if environ.get(variable):
            ignored.setdefault(name, environ[variable])
    if asked.get('sslmode', environ.get('PGSSLMODE')) == 'verify-full':
        ignored.pop('channel_binding', None)  # the server is authenticated
    for name, value in ignored.items():
        values, remedy = DEMANDS.get(name, (set(), ''))
        if values is None or value in values:
            what = name if values is None else f'{name}={value}'
            raise SettingsError(f'{source} cannot be used: {what} is not possible here. {remedy}')
    if ignored:
        log.warning('%s: ignoring %s: the program uses DB_POOL_TIMEOUT and a heartbeat instead, and tries '
                    'hosts in order', source, ', '.join(ignored))


def _require_a_user(source: str) -> None:
    try:
        getpass.getuser()
    except (OSError, KeyError, ImportError):  # depends on Python's version
        raise SettingsError(f'{source} cannot be used: it names no user, and the user of this process has no '
                            f'name on this system') from None


def ignore_closed_home(environ: MutableMapping[str, str] = os.environ) -> None:
    """Ignore a HOME that this user cannot read, as after `su` without a dash: asyncpg would fail to read certificates
    there, whereas libpq continues."""
    home = environ.get('HOME')
    if not home or os.access(home, os.R_OK | os.X_OK):
        return
    try:
        os.stat(Path(home, '.pgpass'))
    except PermissionError:
        log.warning('HOME=%s cannot be read by this user: certificates and passwords in it are ignored', home)
        environ['HOME'] = '/nonexistent'
    except OSError:
        pass  # no such folder, or nothing in it: nothing to ignore


def _check_service(name: str | None, environ: Mapping[str, str]) -> None:
    if name is None:
        return
    path = Path(environ.get('PGSERVICEFILE') or Path(environ.get('HOME') or '/', '.pg_service.conf'))
    services = configparser.ConfigParser(interpolation=None)
    try:
        services.read_string(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise SettingsError(f'the service {name} is not known: {path} cannot be read ({reason}); PGSERVICEFILE names '
                            f'another file') from error
    if name not in services:
        raise SettingsError(f'the service {name} is not known: {path} has no [{name}]; PGSERVICEFILE names another '
                            f'file')


def _find_certificates(wanted: dict[str, str], environ: Mapping[str, str]) -> None:
    """Implement sslrootcert=system as libpq does: the operating system's certificates, only with verify-full."""
    mode = wanted.get('sslmode') or environ.get('PGSSLMODE')
    if mode and mode not in SSL_MODES:
        raise SettingsError(f'this sslmode cannot be used: it must be {", ".join(SSL_MODES[:-1])} or {SSL_MODES[-1]}')
    if (wanted.get('sslrootcert') or environ.get('PGSSLROOTCERT')) != 'system':
        return
    if mode not in {None, 'verify-full'}:
        raise SettingsError(f'sslrootcert=system cannot be used with sslmode={mode}: it must be verify-full')
    places = (ssl.get_default_verify_paths().cafile, *SYSTEM_CERTIFICATES)
    found = next((path for path in places if path and Path(path).exists()), None)
    if found is None:
        raise SettingsError('sslrootcert=system cannot be used: no file of certificates was found on this '
                            'system: give the path of one')
    wanted |= {'sslmode': 'verify-full', 'sslrootcert': found}
