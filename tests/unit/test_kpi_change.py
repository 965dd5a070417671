"""How figures read, and when a change is for the better."""

from __future__ import annotations

import pytest

from floor.core.formatting import NOTHING
from floor.web.reports.kpi_change import ChangeDirection, KpiChange, Unit, value  # type: ignore[attr-defined]


def test_values_of_each_unit() -> None:
    assert [value(0.5, Unit.SHARE), value(65, Unit.SECONDS), value(1204, Unit.COUNT), value(None, Unit.COUNT)] == \
        ['50.0 %', '1 min 05 s', '1,204', NOTHING]


@pytest.mark.parametrize(('before', 'now', 'unit', 'more_is_better', 'change'), [
    (0.902, 0.914, Unit.SHARE, True, ('▲ 1.2 pt better', ChangeDirection.BETTER)),
    (0.914, 0.902, Unit.SHARE, True, ('▼ 1.2 pt worse', ChangeDirection.WORSE)),
    (47, 41, Unit.COUNT, False, ('▼ 6 better', ChangeDirection.BETTER)),
    (41, 47, Unit.COUNT, False, ('▲ 6 worse', ChangeDirection.WORSE)),
    (6180, 6720, Unit.SECONDS, True, ('▲ 9 min better', ChangeDirection.BETTER)),
    (680, 740, Unit.SECONDS, False, ('▲ 1 min worse', ChangeDirection.WORSE)),
    (225, 185, Unit.SECONDS, False, ('▼ 40 s better', ChangeDirection.BETTER)),
    (0.9141, 0.9143, Unit.SHARE, True, ('= unchanged', ChangeDirection.SAME)),
    (41, 41, Unit.COUNT, False, ('= unchanged', ChangeDirection.SAME)),
    (None, 41, Unit.COUNT, False, ('no earlier data', ChangeDirection.UNKNOWN)),
    (41, None, Unit.SECONDS, False, ('no earlier data', ChangeDirection.UNKNOWN)),
])
def test_the_arrow_is_the_direction_and_the_word_the_verdict(before: float | None, now: float | None, unit: Unit,
                                                             more_is_better: bool,
                                                             change: tuple[str, ChangeDirection]) -> None:
    assert KpiChange.between(before, now, unit, more_is_better=more_is_better) == KpiChange(*change)
