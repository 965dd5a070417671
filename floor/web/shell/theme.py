"""Themes: light, dark, or high performance (ISA-101: colour only for abnormal states), stored per person."""

from __future__ import annotations

from enum import StrEnum

from nicegui import app, ui

STORED_AS = 'theme'


class Theme(StrEnum):
    """The colours of each theme are in assets/css/tokens.css, for the class of the body that show_theme sets."""

    AUTO = 'auto'
    LIGHT = 'light'
    DARK = 'dark'
    HIGH_PERFORMANCE = 'isa-101'
    ANDON = 'andon'
    """For wall screens, chosen in their address: whole tiles in the colour of their status."""


LABELS = {Theme.AUTO: 'System default', Theme.LIGHT: 'Light', Theme.DARK: 'Dark',
          Theme.HIGH_PERFORMANCE: 'High performance (ISA-101)'}


def remembered_theme() -> Theme:
    """The theme that this person chose last."""
    try:
        return Theme(app.storage.user.get(STORED_AS, Theme.AUTO))
    except ValueError:  # a theme of an older version
        return Theme.AUTO


def show_theme(theme: Theme, root: ui.element, *more: str) -> None:
    """Apply a theme. The class is set on the body, because dialogs and menus are outside of the root element.

    more: further classes of the body
    """
    root.props['data-theme'] = theme.value
    ui.query('body').classes(replace=' '.join((f'theme-{theme.value}', *more)))


def theme_menu(root: ui.element) -> None:
    """Add a button with a menu of themes. The choice applies immediately and is stored."""
    def choose(theme: Theme) -> None:
        app.storage.user[STORED_AS] = theme.value
        show_theme(theme, root)
        for item_theme, item in items.items():
            item.props['aria-checked'] = str(item_theme is theme).lower()

    items: dict[Theme, ui.menu_item] = {}
    current = remembered_theme()
    show_theme(current, root)
    with ui.button('Theme', color=None).props('flat no-caps dense aria-haspopup=menu').classes('theme-button'), \
            ui.menu().props('auto-close'):
        for theme, label in LABELS.items():
            items[theme] = ui.menu_item(label, on_click=lambda theme=theme: choose(theme))
            items[theme].props['role'] = 'menuitemradio'
            items[theme].props['aria-checked'] = str(theme is current).lower()
