"""/setup/access: sessions, invitations, tokens, stations and wall screens."""

from __future__ import annotations

import asyncio

from nicegui import ui

from ...live.live_view import LiveView
from ...shell.loading import RESPONSE_TIMEOUT_S
from ...shell.services import Services
from ..frame import ACCESS, SECTIONS, setup_frame
from .people import InvitationPanel, SessionPanel
from .secret_dialog import SecretDialog
from .stations import PinPanel, StationPanel
from .tokens import TokenPanel
from .walls import WallPanel


def register(services: Services) -> None:
    """Serve /setup/access."""
    @ui.page(SECTIONS[ACCESS], response_timeout=RESPONSE_TIMEOUT_S)
    async def access_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        panels = []
        with setup_frame(ACCESS, services, view, services.person(identity), redraws=False) as allowed:
            if allowed:
                secrets = SecretDialog()
                panels = [SessionPanel(services, identity), InvitationPanel(services, identity, secrets),
                          TokenPanel(services, identity, secrets), StationPanel(services, identity, secrets),
                          PinPanel(services, identity), WallPanel(services, identity, secrets)]
        services.broadcast.join(view)
        await asyncio.gather(*(panel.loading.first_answer() for panel in panels))
