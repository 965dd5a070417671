"""A floor that consists of its health and metrics, and frames of a socket."""

from __future__ import annotations

import json
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from floor.core.settings import Settings
from floor.db.database import Database
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.operations import health
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.runtime_status import RuntimeStatus
from floor.web.api.problems import answer_problems
from floor.web.live.render_probe import browser_latency

CLIENT = 'c0ffee00-0000-4000-8000-000000000000'
HANDSHAKE = {'client_id': CLIENT, 'next_message_id': 0, 'implicit_handshake': False, 'document_id': 'd', 'tab_id': 't'}
EVENT = {'id': 7, 'client_id': CLIENT, 'listener_id': 'l', 'args': ['{"clientX":1}', 'null']}
WRONG = [
    '', '4', '7', '43["x"]', '44{}', '451-["event",{"_placeholder":true,"num":0}]', '40/admin,', '42', '42{}', '42[]',
    '42["event"]', '42["event",1]', '42["event",{},{}]', '42[["event"],{}]', '42["disconnect",{}]', '42["event",{}',
    '42/ns,["event",{}]', '42' + '1' * 99 + '["event",{}]', '42' + '[' * 100_000, 'hello',
    '42["event",{"id":"\ud800"}]',
    *('42' + json.dumps(['event', {**EVENT, **wrong}]) for wrong in (  # type: ignore[var-annotated]
        {'id': '7'}, {'id': None}, {'id': [7]}, {'id': {}}, {'id': 2 ** 70}, {'client_id': 7}, {'client_id': ['x']},
        {'listener_id': 7}, {'listener_id': {}}, {'args': 7}, {'args': 'x'}, {'args': [7]}, {'args': ['{']},
        {'args': ['NaN']}, {'args': ['[' * 5_000]})),
    *('42' + json.dumps(['ack', fields]) for fields in (
        {}, {'client_id': CLIENT}, {'client_id': [], 'next_message_id': 1},
        {'client_id': CLIENT, 'next_message_id': 'x'}, {'client_id': CLIENT, 'next_message_id': None})),
    *('42' + json.dumps(['handshake', {**HANDSHAKE, **wrong}]) for wrong in (  # type: ignore[var-annotated]
        {'client_id': None}, {'tab_id': {}}, {'document_id': 7}, {'next_message_id': 'x'}, {'next_message_id': []},
        {'old_tab_id': 7}, {'tab_id': 'x' * 5_000})),
    '42' + json.dumps(['javascript_response', {'client_id': CLIENT, 'request_id': {}}]),
    '42' + json.dumps(['log', {'client_id': CLIENT, 'level': 'shout', 'message': 'x'}]),
    '42' + json.dumps(['log', {'client_id': CLIENT, 'level': 'error', 'message': 'x' * 5_000}]),
]


def client_of(url: str, store: Store, listener: Listener, **more: Any) -> httpx.AsyncClient:
    """A monitor that asks a floor with this database, for a connection to which it would wait for an hour."""
    app = FastAPI()
    answer_problems(app)
    database = Database(url, Settings.load(_env_file=None, db_pool_timeout=3600))
    health.register(app, RuntimeStatus(database=database, store=store, listener=listener, watch=FreshnessLog(store),
                                       pages=Pages(), loop=event_loop_latency(), browser=browser_latency(), **more))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor')


def samples(answer: httpx.Response) -> dict[tuple[str, tuple[str, ...]], float]:
    """Value by name and label values."""
    assert answer.status_code == 200
    return {(sample.name, tuple(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text) for sample in family.samples}


class Pages:
    """Four are open."""

    pages, pages_gone = 4, 0
