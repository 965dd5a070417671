"""The REST interface, asked by schemathesis for what its description allows and for what it forbids: no 5xx, no answer
that the description does not name, no method or media type that it forgets.

A short look; SECURITY.md has the command for a long one.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browser.program import PATIENCE_S, Program, started

pytestmark = pytest.mark.long

RULES_BEYOND_A_SCHEMA = 'positive_data_acceptance'
"""A move needs its words, an assignee has to exist: 422 answers what is well formed and still can't be done."""


@pytest.fixture
def program() -> Iterator[Program]:
    """The real program, which may be asked as often as one likes."""
    with started(CHANGES_PER_MINUTE='0') as program:
        yield program


def test_whatever_is_asked_is_answered_as_described(program: Program) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while program.health().get('status') != 'live' and time.monotonic() < deadline:
        time.sleep(0.05)
    order = httpx.post(f'{program.url}/api/work-orders', timeout=30,
                       json={'machine_id': 'Valve_02_01', 'issue_description': 'Leak'})
    assert order.status_code == 201
    asked = subprocess.run(
        [Path(sys.executable).parent / 'schemathesis', 'run', f'{program.url}/openapi.json', '--checks', 'all',
         '--exclude-checks', RULES_BEYOND_A_SCHEMA, '--max-examples', '5', '--seed', '1', '--no-color',
         '--workers', '1'],  # two threads of Python 3.11 that read source code stumble now and then (gh-106905)
        cwd=program.data_dir, capture_output=True, text=True, timeout=300, check=False)
    assert asked.returncode == 0, asked.stdout
    assert re.search(r'Tested: (1[7-9]|[2-9]\d)\b', asked.stdout), asked.stdout
    assert ' ERROR ' not in program.log
    assert 'Traceback' not in program.log
