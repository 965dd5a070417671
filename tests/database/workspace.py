"""A stand-in for a Databricks workspace: the few REST answers that the real SDK asks for on the way to a password.

It checks what the real one checks (client id and secret, bearer tokens, names that exist), counts what it was asked,
and can be set to refuse, to stall and to talk nonsense.
"""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ENDPOINT = 'projects/floor/branches/production/endpoints/primary'
INSTANCE = 'fe_shared_demo'
CLIENT_ID = '5f6e9d8c-0000-4000-8000-1234567890ab'
CLIENT_SECRET = 'dose-0f-s3cret-and-more'

OAUTH = '/oidc/v1/token'
CREDENTIALS = '/api/2.0/postgres/credentials'
INSTANCE_CREDENTIALS = '/api/2.0/database/credentials'
ME = '/api/2.0/preview/scim/v2/Me'

Answer = tuple[int, Mapping[str, str], bytes]


class Workspace:
    """Listens on a free port of this machine until `stop`."""

    def __init__(self) -> None:
        self.database_host = '127.0.0.1'
        self.lifetime = timedelta(hours=1)
        """How long a database token is stated to live."""
        self.clock_offset = timedelta()
        """How far this workspace's clock is ahead of this machine."""
        self.asked: Counter[str] = Counter()
        """Requests by path."""
        self.at_once = 0
        """The most requests for a database token that were ever under way together."""
        self.tokens: list[str] = []
        """Every database token that was given, oldest first."""
        self.give: Callable[[str], None] = lambda token: None
        """Called with each new database token before it is given."""
        self.answers: dict[str, Answer] = {}
        """Answers by path that are given instead of the right ones."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), lambda *a: _Request(self, *a))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._server.server_address[1]}'

    @property
    def environment(self) -> dict[str, str]:
        """What Databricks Apps gives a program to find and enter the workspace."""
        return {'DATABRICKS_HOST': self.url, 'DATABRICKS_CLIENT_ID': CLIENT_ID,
                'DATABRICKS_CLIENT_SECRET': CLIENT_SECRET}

    @property
    def token_requests(self) -> int:
        return self.asked[CREDENTIALS] + self.asked[INSTANCE_CREDENTIALS]

    def refuse(self, path: str, status: int, code: str, message: str, **headers: str) -> None:
        """From now on answer a path with an error of Databricks' shape."""
        body = json.dumps({'error_code': code, 'message': message}).encode()
        self.answers[path] = (status, {'Content-Type': 'application/json', **headers}, body)

    def wrap(self, context: ssl.SSLContext) -> None:
        """From now on speak TLS only."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def stop(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # what it answers

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._lock:
            self.asked[path] += 1
        self.may_answer.wait()
        if path in self.answers:
            return self.answers[path]
        if (method, path) == ('POST', OAUTH):
            return self._sign_in(headers, body)
        if path in self._open:
            return _json(self._open[path])
        if headers.get('Authorization') != f'Bearer {self._bearer}':
            return _error(401, 'UNAUTHENTICATED', 'Credential was not sent or was of an unsupported type')
        return self._answer_to_us(path, json.loads(body) if method == 'POST' else {})

    def _answer_to_us(self, path: str, asked: Mapping[str, object]) -> Answer:
        if path in self._things and not asked:
            return _json(self._things[path])
        if path == CREDENTIALS and asked.get('endpoint') == ENDPOINT:
            return self._credential('expire_time')
        if path == INSTANCE_CREDENTIALS and asked.get('instance_names') == [INSTANCE]:
            return self._credential('expiration_time')
        return _error(404, 'NOT_FOUND', f'{path} {asked} not found')

    @property
    def _open(self) -> dict[str, object]:
        """What it tells everybody."""
        return {'/.well-known/databricks-config': {'oidc_endpoint': f'{self.url}/oidc', 'workspace_id': '1234567890'},
                '/oidc/.well-known/oauth-authorization-server': {
                    'authorization_endpoint': f'{self.url}/oidc/v1/authorize', 'token_endpoint': f'{self.url}{OAUTH}'}}

    @property
    def _things(self) -> dict[str, object]:
        """What it tells who has signed in."""
        return {ME: {'userName': CLIENT_ID, 'id': '1'},
                f'/api/2.0/postgres/{ENDPOINT}': {
                    'name': ENDPOINT, 'status': {'hosts': {'host': self.database_host}}},
                f'/api/2.0/database/instances/{INSTANCE}': {
                    'name': INSTANCE, 'read_write_dns': self.database_host, 'state': 'AVAILABLE'}}

    _bearer = 'workspace-token-that-nobody-may-see'

    def _sign_in(self, headers: Mapping[str, str], body: bytes) -> Answer:
        credentials = base64.b64decode(headers.get('Authorization', '').removeprefix('Basic ')).decode()
        form = parse_qs(body.decode())
        if credentials != f'{CLIENT_ID}:{CLIENT_SECRET}' or form.get('grant_type') != ['client_credentials']:
            return 401, {'Content-Type': 'application/json'}, json.dumps(
                {'error': 'invalid_client', 'error_description': 'Client authentication failed'}).encode()
        self.give(self._bearer)
        return _json({'access_token': self._bearer, 'token_type': 'Bearer',
                      'expires_in': int(self.lifetime.total_seconds())})

    def _credential(self, expiry: str) -> Answer:
        with self._counted():
            token = f'database-token-{len(self.tokens) + 1}-that-nobody-may-see'
            self.give(token)
            self.tokens.append(token)
            at = datetime.now(UTC) + self.clock_offset + self.lifetime
            return _json({'token': token, expiry: at.strftime('%Y-%m-%dT%H:%M:%S.%fZ')})

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        try:
            time.sleep(0.02)  # long enough for a second request to be seen beside the first
            yield
        finally:
            with self._lock:
                self._under_way -= 1


class _Request(BaseHTTPRequestHandler):
    def __init__(self, workspace: Workspace, *arguments: Any) -> None:
        self._workspace = workspace
        super().__init__(*arguments)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        status, headers, content = self._workspace.answer(self.command, urlsplit(self.path).path,
                                                          dict(self.headers), body)
        with contextlib.suppress(ConnectionError):  # who asked has given up
            self.send_response(status)
            for name, value in {**headers, 'Content-Length': str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = _handle

    def log_message(self, *_: object) -> None:
        """Nothing: the tests' output is for the tests."""


def _json(value: object) -> Answer:
    return 200, {'Content-Type': 'application/json'}, json.dumps(value).encode()


def _error(status: int, code: str, message: str) -> Answer:
    return status, {'Content-Type': 'application/json'}, json.dumps({'error_code': code, 'message': message}).encode()
