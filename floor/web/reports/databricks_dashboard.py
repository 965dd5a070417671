"""The Databricks dashboard in a frame, with a link for browsers or workspaces that do not allow embedding.

The content of a frame of another origin cannot be checked, so possible problems are always listed below it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from nicegui import ui

from ...analytics.dashboard_link import HOW_TO_SET, DashboardLink
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.messages import TextNode

TITLE = 'Databricks dashboard'


def databricks_dashboard(link: DashboardLink | None) -> None:
    """Build the panel. link: None: not configured; the panel shows how to configure it."""
    with ui.element('q-card').classes('panel databricks').props('role=region') as panel:
        panel.props['aria-label'] = TITLE
        with ui.element('header'):
            Heading(TITLE)
            if link is not None:
                with ui.element('div').classes('panel-tools'):
                    ui.link('Open in Databricks', link.open_url, new_tab=True).props('rel=noopener')
        if link is None:
            ui.label('No dashboard is configured.').classes('panel-empty-title')
            TextNode('p', HOW_TO_SET).classes('panel-empty')
            return
        host = urlsplit(link.origin).netloc
        _framed(link, host)
        with ui.element('details').classes('panel-details'):
            TextNode('summary', 'Empty, or repeatedly asks you to sign in?')
            with ui.element('ul'):
                TextNode('li', f'Your browser may block third-party cookies, so that {host} cannot see that you are '
                         f'signed in. Allow them for this page, or use “Open in Databricks”.')
                TextNode('li',
                         'The workspace may not allow this app to embed dashboards. An administrator can allow it '
                         'under Settings, Security, Embed dashboards.')
                TextNode('li', 'You may not have access. Ask the owner of the dashboard to share it with you.')


def _framed(link: DashboardLink, host: str) -> None:
    """Build the frame. The text is behind it, visible until the dashboard has loaded."""
    with ui.element('div').classes('databricks-frame').props('aria-busy=true') as container:
        ui.label(f'Loading from {host}…').classes('panel-empty')
        frame = ui.element('iframe').props('allow=fullscreen referrerpolicy=strict-origin')
        frame.props['title'] = TITLE
        frame.props['src'] = link.embed_url
        frame.on('load', lambda: set_attribute(container, 'aria-busy', 'false'), args=[])
