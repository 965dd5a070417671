"""Light, dark, or high-performance (ISA-101: grey by default, colour only for the abnormal), remembered per person."""

from __future__ import annotations

from enum import StrEnum

from nicegui import app, ui

STORED_AS = 'theme'


class Theme(StrEnum):
    """Each theme's colours are in assets/css/tokens.css under the class that show_theme gives the body."""

    AUTO = 'auto'
    LIGHT = 'light'
    DARK = 'dark'
    HIGH_PERFORMANCE = 'isa-101'
    ANDON = 'andon'
    """For wall screens, by their address: whole tiles in the colour of their state."""


LABELS = {Theme.AUTO: 'System default', Theme.LIGHT: 'Light', Theme.DARK: 'Dark',
          Theme.HIGH_PERFORMANCE: 'High performance (ISA-101)'}


def remembered_theme() -> Theme:
    """The theme that this person chose last."""
    try:
        return Theme(app.storage.user.get(STORED_AS, Theme.AUTO))
    except ValueError:  # an older version knew others
        return Theme.AUTO


def show_theme(theme: Theme, root: ui.element, *more: str) -> None:
    """Paint the page. The body carries the class, because dialogs and menus stand outside of the page's own root.

    more: further classes of the body
    """
    root.props['data-theme'] = theme.value
    ui.query('body').classes(replace=' '.join((f'theme-{theme.value}', *more)))


def theme_menu(root: ui.element) -> None:
    """A button with a menu; choosing repaints the page at once and for the next visit."""
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
