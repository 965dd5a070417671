"""The icons of machines that the program delivers, and which icon a machine type shows.

A delivered icon is a file of assets/icons that begins with the common frame: a new file there is a new icon. Its title
is for people, and its description has more words to find it by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from ..core.resources import resource_folder

FRAME = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7b8794" stroke-width="1.5" '
         'stroke-linecap="round" stroke-linejoin="round">')
GENERIC = 'other'
KEY = re.compile('[a-z0-9][a-z0-9_-]{0,39}')
_TEXTS = re.compile('<title>([^<&]+)</title><desc>([^<&]+)</desc>')


@dataclass(frozen=True, slots=True)
class DeliveredIcon:
    """title: for people. words: more words that people may search for."""

    key: str
    title: str
    words: str


@cache
def delivered_icons() -> Mapping[str, DeliveredIcon]:
    """The delivered icons by key, in the order of their titles."""
    icons = []
    for file in (resource_folder('assets') / 'icons').glob('*.svg'):
        text = file.read_text()
        if text.startswith(FRAME) and (found := _TEXTS.match(text, len(FRAME))):
            icons.append(DeliveredIcon(file.stem, found[1], found[2]))
    return {icon.key: icon for icon in sorted(icons, key=lambda icon: icon.title.casefold())}


def shown_key(type_name: str, icon: str | None, own: Collection[str] = ()) -> str:
    """The key of the icon that a type shows. own: keys of uploaded icons.

    That is the icon chosen for it. Where none is chosen, the icon that is called as the type, or as the last word of
    its name (Hydraulic press: press). Otherwise, and where the icon is no longer there, the generic one.
    """
    words = [word for word in re.split(r'[\W_]+', type_name.casefold()) if word]
    wanted = [icon] if icon is not None else ['_'.join(words), *words[-1:]]
    return next((key for key in wanted if key in own or key in delivered_icons()), GENERIC)
