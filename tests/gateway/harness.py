"""A clock that tests move, a small app over HTTP, a broker, and certificates."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import heapq
import ipaddress
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_port

from floor.gateway.clock import Clock

NEEDS_MOSQUITTO = pytest.mark.skipif(shutil.which('mosquitto') is None, reason='apt-get install mosquitto')
WAIT_S = 20.0
GATEWAY_YAML = """app:
  url: http://localhost:8000
  token: {env: TOKEN}
queue: {folder: queue}
sources:
  - type: mqtt
    name: plant
    host: localhost
    points:
      - topic: plant/{line}/{machine}/status
        machine: '{machine}'
        values:
          1: operational
          2: {status: down, reason: E-047}
"""
"""A gateway.yaml."""


class FakeClock(Clock):
    """Time passes only when a test says so."""

    def __init__(self) -> None:
        self.time = datetime.datetime(2026, 11, 30, 8, 0, tzinfo=datetime.UTC)
        self.seconds = 1_000.0
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._cancelled: set[int] = set()
        self._number = 0

    def now(self) -> datetime.datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        self._number += 1
        heapq.heappush(self._calls, (self.seconds + seconds, self._number, call))
        return _Call(self._cancelled, self._number)

    def advance(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self._calls and self._calls[0][0] <= end:
            due, number, call = heapq.heappop(self._calls)
            self._set(due)
            if number not in self._cancelled:
                call()
        self._set(end)

    def _set(self, seconds: float) -> None:
        self.time += datetime.timedelta(seconds=seconds - self.seconds)
        self.seconds = seconds


class _Call:
    def __init__(self, cancelled: set[int], number: int) -> None:
        self._cancelled, self._number = cancelled, number

    def cancel(self) -> None:
        self._cancelled.add(self._number)


class FakeApp:
    """Takes events as the app does: each id once, and the same status at the same time once. It knows no machine whose
    name begins with 'no'."""

    def __init__(self) -> None:
        self.port = free_port()
        self.events: list[dict[str, Any]] = []
        self.requests: list[int] = []
        """The number of events in each."""
        self.silent_after: list[str] = []
        """The header of each."""
        self.answer: Callable[[list[dict[str, Any]]], tuple[int, Any] | None] = lambda _events: None
        """What to answer instead."""
        self._ids: set[str] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, '127.0.0.1', self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b'\r\n\r\n')).decode().lower()
            length = int(next(line for line in head.split('\r\n') if line.startswith('content-length:')).split(':')[1])
            body = await reader.readexactly(length)
            body = gzip.decompress(body) if 'content-encoding: gzip' in head else body
            events = [json.loads(line) for line in body.splitlines()]
            self.requests.append(len(events))
            self.silent_after += [line.split(': ')[1] for line in head.splitlines() if line.startswith('silent-after')]
            status, answer = self.answer(events) or (200, {'results': [self._result(each) for each in events]})
            payload = json.dumps(answer).encode()
            writer.write(f'HTTP/1.1 {status} X\r\nContent-Length: {len(payload)}\r\nConnection: close\r\n\r\n'.encode()
                         + payload)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _result(self, event: dict[str, Any]) -> dict[str, Any]:
        if event['machine'].startswith('no'):
            return {'result': 'unknown_machine', 'message': f'no machine is called {event["machine"]}'}
        if 'problem' in event:
            return {'result': 'refused', 'message': event['problem']}
        same = {event['id'], f'{event["machine"]} {event.get("at")} {event.get("status")}'}
        if same & self._ids:
            return {'result': 'duplicate'}
        self._ids |= same
        self.events.append(event)
        return {'result': 'accepted'}


@asynccontextmanager
async def running_app() -> AsyncIterator[FakeApp]:
    app = FakeApp()
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Mosquitto:
    """A real broker on its port, which can be killed and started again."""

    def __init__(self, folder: Path, *lines: str) -> None:
        """lines: of its configuration."""
        self.port = free_port()
        self._config = folder / 'mosquitto.conf'
        self._config.write_text('\n'.join([
            f'listener {self.port} 127.0.0.1', f'user {folder.owner()}', 'max_queued_messages 0',
            *(lines or ('allow_anonymous true',))]) + '\n')
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._process = subprocess.Popen(['mosquitto', '-c', self._config], stdout=subprocess.DEVNULL,  # noqa: ASYNC220
                                         stderr=subprocess.DEVNULL)
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection('127.0.0.1', self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    """A broker to be started, which is gone afterwards. lines: of its configuration."""
    broker = Mosquitto(folder, *lines)
    try:
        yield broker
    finally:
        broker.kill()


def make_certificates(folder: Path, days: int = 1) -> None:
    """ca.crt, and server.crt and .key, client.crt and .key that it signed. days: negative: the server's has expired."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _signed('Test CA', ca_key, None, ca_key, 1)
    (folder / 'ca.crt').write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name, valid in (('server', days), ('client', 1)):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(name, key, ca, ca_key, valid)
        (folder / f'{name}.crt').write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f'{name}.key').write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def _signed(name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate | None,
            issuer_key: ec.EllipticCurvePrivateKey, days: int) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10)).not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]), False)
            .sign(issuer_key, hashes.SHA256()))
