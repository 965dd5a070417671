"""An OPC UA server with two presses, as tests want it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.cert_gen import dump_private_key_as_pem, generate_private_key
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from ports import free_port

NAMESPACE = 'http://plant.example/'
URI = 'urn:plant.example:server'
PASSWORD = 'open sesame'


def self_signed(key: RSAPrivateKey, uri: str, *, days: int) -> bytes:
    """A certificate as DER that is valid for so many days; a negative number: it expired as long ago."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'Plant')])
    now = datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=abs(days) + 1)).not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
            .add_extension(x509.KeyUsage(True, True, True, True, False, True, False, False, False), critical=False)
            .sign(key, SHA256()).public_bytes(Encoding.DER))


class OnlyAnna(UserManager):
    """Lets in Anna with her password, and people without a name."""

    def get_user(self, iserver: object, username: str | None = None, password: str | None = None,
                 certificate: object = None) -> User | None:
        known = username is None or (username, password) == ('anna', PASSWORD)
        return User(role=UserRole.User) if known else None


class OpcUaPlant:
    """A server; `states` are the variables State of the presses, by the machine's name."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.states: dict[str, Node] = {}
        self._folder = folder
        self._key = generate_private_key()
        self._valid = self_signed(self._key, URI, days=1)
        self._server = Server(user_manager=OnlyAnna())

    @property
    def certificate(self) -> Path:
        """The server's, as DER."""
        return self._folder / 'server.der'

    async def prepare(self) -> None:
        """Takes seconds: the whole standard address space is made."""
        await self._server.init()
        await self._server.set_application_uri(URI)
        self._server.set_endpoint(f'opc.tcp://127.0.0.1:{self.port}/plant')
        self._server.set_security_policy(
            [ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        index = await self._server.register_namespace(NAMESPACE)
        for name in 'Press 1', 'Press 2':
            machine = await self._server.nodes.objects.add_object(f'ns={index};s={name}', f'{index}:{name}')
            self.states[name] = await machine.add_variable(
                f'ns={index};s={name}.State', f'{index}:State', 3, ua.VariantType.Int32)

    async def start(self, *, expired: bool = False) -> None:
        """expired: with a certificate that was valid until three days ago."""
        self.certificate.write_bytes(self_signed(self._key, URI, days=-3) if expired else self._valid)
        key = self._folder / 'server.key.pem'
        key.write_bytes(dump_private_key_as_pem(self._key))
        self._server.iserver.endpoints.clear()  # asyncua only adds
        self._server._policies.clear()
        await self._server.load_certificate(self.certificate)
        await self._server.load_private_key(key)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    @property
    def subscriptions(self) -> list[tuple[int, float]]:
        """Id, and ms between two messages, of each."""
        return [(each.data.SubscriptionId, each.data.RevisedPublishingInterval)
                for each in self._server.iserver.subscription_service.subscriptions.values()]

    async def forget(self) -> None:
        """The server ends all subscriptions."""
        service = self._server.iserver.subscription_service
        await service.delete_subscriptions(list(service.subscriptions))

    async def set(self, machine: str, value: int, *, status: int = 0, at: datetime | None = None) -> None:
        """Change the state of a machine."""
        moment: Any = at or datetime.now(UTC)
        await self.states[machine].write_value(ua.DataValue(
            ua.Variant(value, ua.VariantType.Int32), ua.StatusCode(ua.UInt32(status)), moment))
