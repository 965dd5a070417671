"""Node ids as text, with the namespace by its URI: its number may be another after a restart of the server.

  nsu=http://plant.example/;s=Press1.State     the namespace by its URI, as in OPC 10000-6, 5.1.12
  ns=2;s=Press1.State                          by its number
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from ..errors import SourceError

_URI = 'nsu='
_ESCAPED = '%;'
"""What a URI in a node id must not have."""


def resolve(text: str, namespaces: Sequence[str]) -> ua.NodeId:
    """The node id on a server with these namespaces.

    :raises SourceError: the text is no node id, or the server does not have its namespace
    """
    prefix, identifier = '', text
    if text.startswith(_URI):
        escaped, _, identifier = text.removeprefix(_URI).partition(';')
        uri = unquote(escaped)
        if uri not in namespaces:
            raise SourceError(f'the server has no namespace {uri}: it has {", ".join(namespaces[1:]) or "no other"}')
        prefix = f'ns={namespaces.index(uri)};'
    try:
        return ua.NodeId.from_string(prefix + identifier)
    except (UaError, ValueError) as error:
        raise SourceError(f'{text} is no node id: write it as nsu=URI;s=NAME, nsu=URI;i=NUMBER or '
                          'ns=2;s=NAME') from error


def to_text(node_id: ua.NodeId, namespaces: Sequence[str]) -> str:
    """The text of a node id, with the URI of its namespace."""
    index = int(node_id.NamespaceIndex)
    text = node_id.to_string()
    if index == 0 or index >= len(namespaces):
        return text
    uri = quote(namespaces[index], safe=''.join(chr(code) for code in range(33, 127) if chr(code) not in _ESCAPED))
    return f'{_URI}{uri};{text.partition(";")[2]}'
