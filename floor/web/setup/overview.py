"""/setup: the way into the set-up of the plant."""

from __future__ import annotations

from nicegui import ui

from ..live.live_view import LiveView
from ..shell.heading import Heading
from ..shell.messages import TextNode
from ..shell.services import Services
from .frame import OVERVIEW, SECTIONS, setup_frame


def register(services: Services) -> None:
    """Serve /setup."""
    @ui.page(SECTIONS[OVERVIEW])
    def overview_page() -> None:
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(OVERVIEW, services, view, services.person(services.visitor())) as allowed:
            if allowed:
                with ui.card().classes('panel').props('role=region aria-label="Your plant"'):
                    Heading('Your plant').classes('panel-title')
                    TextNode('p', 'Set up what this floor consists of, and who works on it.').classes('panel-note')
        services.broadcast.join(view)
