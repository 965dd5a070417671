"""The thirty machines that a demo is delivered with, as the simulator knows them."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.simulated_plant import Station

_ROW = re.compile(r"\( ?\d+, '(\w+_(\d\d)_\d\d)', +'(\w+)'\)")
DELIVERED = [Station(name, kind, int(line)) for name, line, kind in _ROW.findall(
    (Path(__file__).parents[2] / 'sql/admin/new_floor.sql').read_text(encoding='utf-8'))]
