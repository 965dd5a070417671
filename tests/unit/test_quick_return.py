"""socket.io is served with one number changed, and with no more than that."""

from __future__ import annotations

import httpx
import nicegui
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from floor.web.live.reconnect_patch import LONGEST_WAIT_MS, SCRIPT, quicker, return_quickly


def test_one_number_is_another() -> None:
    before = SCRIPT.read_text(encoding='utf-8')
    assert before.count('reconnectionDelayMax||5e3') == 1, 'NiceGUI brings another socket.io: see quick_return.py'
    assert quicker(before) == before.replace('reconnectionDelayMax||5e3', f'reconnectionDelayMax||{LONGEST_WAIT_MS}')


def test_what_says_it_in_other_words_stays_as_it_is() -> None:
    assert quicker('max = opts.longestWait || 5e3') == 'max = opts.longestWait || 5e3'


async def test_it_is_served_instead_of_nicegui_s_own() -> None:
    app = FastAPI()
    static = f'/_nicegui/{nicegui.__version__}/static'
    app.mount(static, StaticFiles(directory=SCRIPT.parent))
    return_quickly(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor') as client:
        answer = await client.get(f'{static}/{SCRIPT.name}')
        others = await client.get(f'{static}/fonts.css')
    assert answer.text == quicker(SCRIPT.read_text(encoding='utf-8'))
    assert answer.headers['content-type'].startswith('text/javascript')
    assert others.status_code == 200
