"""Shows a secret once: a token with a line that uses it, or a link with its QR code."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import segno
from nicegui import ui

from ....core.feeds import FEED_PATH
from ....core.text import shortened
from ...shell.addresses import with_prefix
from ...shell.dialog import Dialog
from ...shell.heading import Heading
from ...shell.messages import TextNode

QR_BORDER = 4
"""Light modules around a QR code, as its standard wants."""
THIS_MACHINE = {'localhost', '127.0.0.1', '::1'}
"""Host names by which a browser finds the machine that it runs on."""


class SecretDialog:
    """The dialog; what it shows is gone when it is closed."""

    def __init__(self) -> None:
        with Dialog().props('persistent') as self._dialog, ui.card().classes('sheet'):
            self._heading = Heading('').classes('free-text')
            self._text = TextNode('p')
            self._parts = ui.element('div').classes('access-secret')
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Done', on_click=self._close, color=None).props('no-caps autofocus').classes('primary')

    def show_token(self, name: str, token: str, machine: str | None) -> None:
        """A token, and a curl line that works as it is. machine: the example of a token that only reports; None: it
        reads."""
        self._open(f'Token {name}', 'Copy it now: it is not shown again. Send it in the header Authorization.')
        with self._parts:
            copyable('Token', token)
            path = '/api/machines' if machine is None else f'{FEED_PATH}/{quote(machine, safe="")}'
            data = '' if machine is None else ' -d status=operational'
            label = 'Try it' if machine is None else f'Report that {shortened(machine, 80)} runs'
            copyable(label, f"curl -H 'Authorization: Bearer {token}' '{own_address()}{path}'{data}")

    def show_link(self, title: str, text: str, path: str, *, for_here: str = '') -> None:
        """A link, to copy or to scan. for_here: the label of a link that opens it in this browser; empty: none."""
        address = own_address() + path
        self._open(title, text)
        with self._parts:
            copyable('Link', address)
            code = segno.make(address, micro=False).svg_data_uri(scale=6, border=QR_BORDER, light='#fff')
            ui.element('img').classes('access-qr').props.update({'src': code, 'alt': 'QR code of the link'})
            if for_here:
                ui.link(for_here, path)

    def _open(self, title: str, text: str) -> None:
        self._heading.set_text(title)
        self._dialog.props['aria-label'] = title
        self._text.set_text(text)
        self._parts.clear()
        self._dialog.open()

    def _close(self) -> None:
        self._parts.clear()
        self._dialog.close()


def _has_clipboard() -> bool:
    """Whether a page may write to the clipboard: over https, or on this machine. Elsewhere a click selects the text."""
    url = ui.context.client.request.url
    return url.scheme == 'https' or url.hostname in THIS_MACHINE


def own_address() -> str:
    """The address at which this browser has opened the app, without a slash at its end."""
    request = ui.context.client.request
    host = request.headers.get('x-forwarded-host', '').partition(',')[0].strip() or request.headers.get('host', '')
    return f'{request.url.scheme}://{host}{with_prefix("")}'


def opens_here_alone() -> bool:
    """Whether links with own_address do not open on other machines."""
    return urlsplit(own_address()).hostname in THIS_MACHINE


def copyable(label: str, text: str) -> None:
    """A text with a button that copies it."""
    TextNode('p', label).classes('panel-note')
    with ui.element('div').classes('access-copy'):
        TextNode('code', text)
        if not _has_clipboard():
            return
        button = ui.button('Copy', color=None).props('no-caps')
        button.props['aria-label'] = f'Copy {label.lower()}'

        def copy() -> None:
            ui.clipboard.write(text)
            button.set_text('Copied')

        button.on_click(copy)
