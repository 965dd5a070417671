"""The pages of /setup: the sections, and who gets them."""

from __future__ import annotations

from typing import Any

from nicegui.testing import User
from ui.harness import Floor, OpenPage
from ui.services import person_at

from floor.web.setup import overview
from floor.web.setup.frame import SECTIONS


async def test_supervisors_get_all_sections_and_others_a_sentence(shop_floor: Floor, user: User,
                                                                  open_page: OpenPage) -> None:
    setup: Any = shop_floor.services.setup
    setup.answers |= {'lines': [], 'machines': [], 'machine_types': []}
    overview.register(shop_floor.services)
    screen = await open_page('/setup')
    links = {element['text']: element['props'] for element in screen.of_class('setup-section')}
    assert {name: link['href'] for name, link in links.items()} == SECTIONS
    assert [name for name, link in links.items() if link.get('aria-current') == 'page'] == ['Overview']
    assert 'Setup' in [element['text'] for element in screen.of_class('bar-link')]

    person_at(user, shop_floor.hire('Lisa', 'Garcia', 'technician'))
    shop_floor.publish()
    screen = await open_page('/setup')
    assert screen.of_class('setup-section') == []
    assert 'Setup' not in [element['text'] for element in screen.of_class('bar-link')]
    assert any(text.startswith('Requires the role supervisor; your role is technician.') for text in screen.texts)
