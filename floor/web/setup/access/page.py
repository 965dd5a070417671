"""/setup/access: sessions, invitations, tokens, stations and wall screens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from nicegui import ui

from ...live.live_view import LiveView
from ...shell.loading import RESPONSE_TIMEOUT_S
from ...shell.messages import TextNode
from ...shell.services import Services
from ..frame import ACCESS, SECTIONS, setup_frame
from .entries import EntryPanel
from .people import InvitationPanel, SessionPanel
from .secret_dialog import SecretDialog, opens_here_alone
from .stations import PinPanel, StationPanel
from .tokens import TokenPanel
from .walls import WallPanel

FOLLOW_S = 3.0
"""Seconds after which the page shows what others have changed."""
HERE_ALONE = ('Links that you make here open on this machine alone, because you have opened this page at localhost. '
              'For others, start the program with HOST=0.0.0.0, and open this page at the address that it prints.')


def register(services: Services) -> None:
    """Serve /setup/access."""
    @ui.page(SECTIONS[ACCESS], response_timeout=RESPONSE_TIMEOUT_S)
    async def access_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        panels = []
        with setup_frame(ACCESS, services, view, services.person(identity), redraws=False) as allowed:
            if allowed:
                if opens_here_alone():
                    TextNode('p', HERE_ALONE).classes('note')
                secrets = SecretDialog()
                panels = [SessionPanel(services, identity), InvitationPanel(services, identity, secrets),
                          TokenPanel(services, identity, secrets), StationPanel(services, identity, secrets),
                          PinPanel(services, identity), WallPanel(services, identity, secrets)]
        services.broadcast.join(view)
        if panels:  # a link that is used, or a sign-in, is announced by nothing
            ui.timer(FOLLOW_S, lambda: follow(panels), immediate=False)
        await asyncio.gather(*(panel.loading.first_answer() for panel in panels))


def follow(panels: Iterable[EntryPanel]) -> None:
    """Load the entries of these panels again. One with a notice retries on its own, and must not flash until then."""
    for panel in panels:
        if not panel.loading.notice.text:
            panel.loading.start()
