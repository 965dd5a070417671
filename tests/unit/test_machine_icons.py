"""Icons of machines: the delivered files, and which of them a type shows."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from floor.core.icons import FloorIcons, OwnIcon, TypeIcon
from floor.plant.machine_icons import FRAME, KEY, delivered_icons, shown_key
from floor.web.shell.assets import ASSETS
from floor.web.shell.icons import icon_rules

FILES = sorted((ASSETS / 'icons').glob('*.svg'))
NOT_OF_MACHINES = {'favicon', 'no_preview', 'wo', 'wo-overdue'}
SVG = '{http://www.w3.org/2000/svg}'
MAX_BYTES = 1000


def test_every_file_is_an_icon_of_a_machine_or_known_to_be_none() -> None:
    assert {file.stem for file in FILES} == delivered_icons().keys() | NOT_OF_MACHINES
    assert len(delivered_icons()) >= 60


@pytest.mark.parametrize('key', delivered_icons())
def test_a_delivered_icon_is_small_and_drawn_with_the_common_lines(key: str) -> None:
    content = (ASSETS / 'icons' / f'{key}.svg').read_bytes()
    root = ElementTree.fromstring(content)
    assert KEY.fullmatch(key)
    assert content.decode().startswith(f'{FRAME}<title>')
    assert len(content) <= MAX_BYTES
    shapes = [element for element in root if element.tag not in {f'{SVG}title', f'{SVG}desc'}]
    assert {shape.tag for shape in shapes} <= {f'{SVG}path', f'{SVG}circle', f'{SVG}rect'}
    assert not any({'fill', 'stroke', 'stroke-width', 'style'} & shape.attrib.keys() for shape in shapes)


def test_names_of_icons_are_unique_in_every_way_that_people_search() -> None:
    titles = [icon.title.casefold() for icon in delivered_icons().values()]
    assert len(set(titles)) == len(titles)
    assert all(re.fullmatch('[a-z0-9 ]+', icon.words) for icon in delivered_icons().values())


@pytest.mark.parametrize(('kind', 'icon', 'shown'), [
    ('press', None, 'press'), ('Hydraulic press', None, 'press'), ('robotic_arm', None, 'robotic_arm'),
    ('3D printer', None, '3d_printer'), ('CNC', None, 'cnc'), ('Gizmo', None, 'gizmo'),
    ('Presse', None, 'other'), ('press brake', None, 'other'), ('旋盤', None, 'other'), ('_', None, 'other'),
    ('press', 'oven', 'oven'), ('press', 'other', 'other'), ('press', 'deleted', 'other'), ('press', 'gizmo', 'gizmo')])
def test_a_type_shows_the_icon_chosen_for_it_or_the_one_with_its_name(kind: str, icon: str | None, shown: str) -> None:
    assert shown_key(kind, icon, {'gizmo'}) == shown


def test_rules_contain_numbers_and_addresses_and_no_name_of_a_type() -> None:
    hostile = '"]{}</style><script>alert(1)</script>'
    icons = FloorIcons((TypeIcon(3, hostile, None), TypeIcon(4, 'press', 'gizmo'), TypeIcon(5, 'Press', None)),
                       (OwnIcon('gizmo', '0123456789ab'),))
    rules = icon_rules(icons, '/monitor').split('\n')
    assert [re.sub(r'v=\w+', 'v=', rule) for rule in rules] == [
        '[data-icon]{--icon:url("/monitor/assets/icons/other.svg?v=")}',
        '[data-icon="3"]{--icon:url("/monitor/assets/icons/other.svg?v=")}',
        '[data-icon="4"]{--icon:url("/monitor/api/plant/icons/gizmo/picture?v=")}',
        '[data-icon="5"]{--icon:url("/monitor/assets/icons/press.svg?v=")}']


def test_an_uploaded_icon_goes_before_a_delivered_one_of_a_later_version() -> None:
    icons = FloorIcons((TypeIcon(1, 'press', None),), (OwnIcon('press', 'abc'),))
    assert '[data-icon="1"]{--icon:url("/api/plant/icons/press/picture?v=abc")}' in icon_rules(icons)
