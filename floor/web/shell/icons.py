"""Icons of machines on every page: an element with data-icon, the number of a machine type, shows the icon of the type.

The stylesheets draw the picture --icon as a mask, in a colour of the theme. Which picture that is for each type is one
live element of every page, so that another icon shows in every browser with one message, wherever the type is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from nicegui import ui

from ...core.icons import FloorIcons
from ...core.machines import MachineName
from ...feed.store import Store
from ...plant.machine_icons import GENERIC, delivered_icons, shown_key
from ..live.live_element import SECOND, Content, LiveElement
from .addresses import with_prefix
from .assets import address_of

OWN_ICONS = '/api/plant/icons'


class IconRules(LiveElement):
    """The icon of each machine type, as rules of CSS. Pages with another path prefix have another layout, because their
    rules differ."""

    def __init__(self, store: Store) -> None:
        super().__init__('style', SECOND)
        self._store = store
        self._prefix = with_prefix('')
        self.classes(f'icon-rules{self._prefix.replace("/", "--")}')

    def content(self) -> Content:
        return {}, icon_rules(self._store.icons, self._prefix)


@lru_cache(maxsize=16)
def icon_rules(icons: FloorIcons, prefix: str = '') -> str:
    """A rule for each type, after one for elements whose type is unknown. Only numbers, keys and versions get here."""
    own = {icon.key: icon.version for icon in icons.own}
    rules = [f'[data-icon]{{--icon:{picture(GENERIC, own, prefix)}}}']
    rules += [f'[data-icon="{kind.type_id}"]{{--icon:{picture(shown_key(kind.type, kind.icon, own), own, prefix)}}}'
              for kind in icons.types]
    return '\n'.join(rules)


def picture(key: str, own: Mapping[str, str], prefix: str = '') -> str:
    """The picture of an icon as a value of CSS. own: the versions of uploaded icons by key."""
    return f'url("{prefix}{icon_address(key, own)}")'


def icon_address(key: str, own: Mapping[str, str]) -> str:
    """The address of an icon, which changes with its content. An uploaded one comes before a delivered one."""
    if key in own:
        return f'{OWN_ICONS}/{key}/picture?v={own[key]}'
    return address_of(f'icons/{key if key in delivered_icons() else GENERIC}.svg')


def show_icon(element: ui.element, store: Store, name: MachineName) -> None:
    """Show the icon of a machine before the text of an element, which names the machine."""
    element.props['data-icon'] = type_number(store, name)


def type_number(store: Store, name: MachineName) -> str:
    """The value of data-icon for a machine; 0 if it has left the floor."""
    machine = store.machines.get(name)
    return str(machine.record.type_id if machine else 0)
