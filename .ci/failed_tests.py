"""Prints which tests failed in the last run, one a line, without the group that pytest-xdist adds to their names."""

from __future__ import annotations

import json
from pathlib import Path

for name in json.loads(Path('.pytest_cache/v/cache/lastfailed').read_text(encoding='utf-8')):
    test, _, group = name.rpartition('@')
    print(name if not test or ']' in group else test)
