"""Colours and options that the charts of ECharts have in common."""

from __future__ import annotations

from typing import Any

TRIVIAL, LINE, MUTED, RULE = 'var(--trivial)', 'var(--accent)', 'var(--mut)', 'var(--line)'
FONT = 'Inter, system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif'
TEXT: dict[str, Any] = {'color': MUTED, 'fontSize': 12, 'fontFamily': FONT}
STILL: dict[str, Any] = {'animation': False, 'tooltip': {'show': False}, 'emphasis': {'disabled': True},
                         'aria': {'enabled': False}, 'textStyle': {'fontFamily': FONT}}
"""Options of all charts: no animations, and no tooltips, which would show names as HTML."""
