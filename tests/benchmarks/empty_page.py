"""A NiceGUI page with one element, under the settings that main.py has: what a page costs before there is a floor."""

import os

from nicegui import ui


@ui.page('/')
def page() -> None:
    """As little as there can be."""
    ui.element('div').classes('tile')


ui.run(host='127.0.0.1', port=int(os.environ['PORT']), reload=False, show=False, show_welcome_message=False,
       dark=None, language='en-US', tailwind=False, binding_refresh_interval=None, reconnect_timeout=10,
       ws_per_message_deflate=False)
