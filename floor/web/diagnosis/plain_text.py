"""A diagnosis as plain text, for an e-mail to support."""

from __future__ import annotations

from datetime import tzinfo

from ...operations.checks import Finding
from ...operations.diagnosis import Diagnosis
from ..shell.times import date_and_time
from .facts import DiagnosisPanel


def as_text(diagnosis: Diagnosis, found: list[Finding], shown: list[DiagnosisPanel], zone: tzinfo) -> str:
    """The findings, then all panels, as lines of text."""
    at = date_and_time(int(diagnosis.now * 1000), zone)
    lines = [f'Line Monitor {diagnosis.runtime.version}: diagnosis of {at} ({zone})', '']
    if not found:
        lines += ['No problems found.']
    for finding in found:
        lines += [f'{finding.severity.upper()}: {finding.what}', f'   {finding.do}']
    for panel in shown:
        lines += ['', panel.title, '-' * len(panel.title)]
        lines += [f'{name}: {value}' for name, value in panel.facts]
        lines += [' | '.join(row) for row in ([panel.columns] if panel.rows else []) + list(panel.rows)]
    return '\n'.join(' '.join(line.split()) if line[:3] != '   ' else line for line in lines) + '\n'
