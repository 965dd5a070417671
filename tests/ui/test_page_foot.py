"""Which version runs is at the end of every page."""

from __future__ import annotations

import pytest
from nicegui.testing import User
from ui.forms import Form
from ui.harness import Floor

from floor.core.version import program_version


@pytest.mark.parametrize('address', ['/', '/?kiosk'])
async def test_a_page_ends_with_name_and_version_of_the_program(shop_floor: Floor, user: User, address: str) -> None:
    shop_floor.publish()
    form = Form(user, await user.open(address))
    foot, = (each for each in form.client.elements.values() if each.tag == 'footer' and 'page-foot' in each.classes)
    assert form.says(f'Line Monitor {program_version()}')
    assert foot.parent_slot is not None
    assert foot.parent_slot.children[-1] is foot
