"""Text in CSV files: plain lines stay as they are, and nothing is left that a spreadsheet would evaluate."""

from __future__ import annotations

import pytest

from floor.core.csv_file import harmless


@pytest.mark.parametrize('text', [
    '- bearing noisy', '- bearing noisy\n- oil low (left side)', '- 5 bolts missing', '+ oil refilled', '- für Wartung',
    '-\u00a0bearing noisy', ' - bearing noisy', '- Lager laut!', '- valve = 3 bar, 2 bar before', '- 機器が止まる',
    "- doesn't start; call me@example.com", 'bearing - noisy', 'Oil leak', '', '5', '– long dash'], ids=ascii)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize('text', [
    '=1+1', '+1', '-1', '- 1', '- 1+1', '- A1', '- AB12', '- A1:B2', '@SUM(A1)', '\t=1', ' =1', '\n=1', '\u00a0=1',
    '\u200b=1', '＝1', '－1', '＋1', '＠x', '﹦1', '-1+1|cmd', "-2+3+cmd|' /C calc'!A0", "- cmd|' /C calc'!A0",
    "+ see cmd|'x'!A0", '- see WEBSERVICE("http://x")', '- see WEBSERVICE ("http://x")', '- see SUM(A1)',
    "- see 'C:\\[x.xls]y'!A1",
    '- see HYPERLINK (A1)', '-bearing noisy', '- ', '=- bearing noisy', '@- bearing', '\r- bearing\t=1|x'], ids=ascii)
def test_what_a_spreadsheet_would_evaluate_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
