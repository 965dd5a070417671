"""A stand-in for what a browser sees of a Databricks workspace: https, a cookie of who is signed in, a dashboard.

It is reached by the workspace's own name: the browser is configured with its address and its certificate.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from database.tls import certificate

HOST = 'adb-1234567890.7.cloud.example.com'
WORKSPACE_ID = '1234567890'
DASHBOARD_ID = '01f0c3a4b5d61e8f9a0b1c2d3e4f5a6b'
SIGN_IN = '/signed-in'


class DashboardWorkspace:
    """Listens on a free port of this machine until `stop`."""

    def __init__(self, folder: Path) -> None:
        crt, key = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), type('Request', (_Request,), {'workspace': self}))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, name='workspace', daemon=True).start()
        self._fingerprint = fingerprint(crt)
        self.asked: list[str] = []
        """The addresses that were asked for, the newest last."""
        self.frame_ancestors = '*'
        """Which pages may frame it, as the administrator chose under Embed dashboards."""
        self.answers = threading.Event()
        """Cleared: it takes its time."""
        self.answers.set()

    @property
    def environment(self) -> dict[str, str]:
        """What Databricks Apps and the bundle tell the app."""
        return {'DATABRICKS_HOST': HOST, 'DATABRICKS_WORKSPACE_ID': WORKSPACE_ID, 'DASHBOARD_ID': DASHBOARD_ID}

    @property
    def browser_flags(self) -> list[str]:
        """With which a Chromium finds it and trusts its certificate, and no other."""
        return [f'--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{self._server.server_address[1]}',
                f'--ignore-certificate-errors-spki-list={self._fingerprint}']

    def stop(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()


class _Request(BaseHTTPRequestHandler):
    workspace: DashboardWorkspace

    def do_GET(self) -> None:
        self.workspace.asked.append(self.path)
        self.workspace.answers.wait()
        path = urlsplit(self.path).path
        signed_in = 'person=somebody' in self.headers.get('Cookie', '')
        self.send_response(200)
        self.send_header('Content-Type', 'text/html; charset=utf-8')
        if path == SIGN_IN:
            self.send_header('Set-Cookie', 'person=somebody; Path=/; Secure; HttpOnly; SameSite=None')
        if path.startswith('/embed/'):
            self.send_header('Content-Security-Policy', f'frame-ancestors {self.workspace.frame_ancestors}')
        self.end_headers()
        words = 'Line Monitor on Databricks' if signed_in and 'dashboardsv3' in path else 'Sign in to Databricks'
        self.wfile.write(f'<!doctype html><title>Databricks</title><h1>{words}</h1>'.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the tests' output is for the tests."""


def fingerprint(crt: Path) -> str:
    """The SHA-256 of a certificate's public key, as browsers write it."""
    pem = subprocess.run(['openssl', 'x509', '-in', crt, '-noout', '-pubkey'], check=True, capture_output=True).stdout
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'der'], input=pem, check=True,
                         capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
