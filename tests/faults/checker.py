"""The five promises, as pure functions over a recorded history. Each returns what breaks it, in sentences.

I1  every acknowledged write is in the database
I2  within D seconds after a fault has ended every view equals the database
I3  no picture older than D is shown as live
I4  in no view a machine goes back to an older version
I5  the history has exactly one row for each change
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import accumulate

from .history import NOT_OURS, History, Sample, Write

D = 8.0
"""Seconds: a heartbeat (5), its time-out (2), and one of slack."""


def violations(history: History, patience: float = D) -> list[str]:
    """Everything that is wrong."""
    patience += history.slack
    return [*acknowledged_writes_are_kept(history), *views_are_right_again(history, patience),
            *nothing_old_is_called_live(history, patience), *no_machine_goes_back(history),
            *each_change_has_one_row(history), *history.broken]


def acknowledged_writes_are_kept(history: History) -> list[str]:
    """I1."""
    kept = {(row.number, row.machine, row.status, row.version) for row in history.rows}
    return [f'I1: write {write.number} to {write.machine} was acknowledged as version {write.version} and is not there'
            for write in history.acknowledged if (write.number, write.machine, write.status, write.version) not in kept]


def views_are_right_again(history: History, patience: float = D) -> list[str]:
    """I2. At the end, when nothing is written, a view is exactly the table."""
    wrong = []
    for view in views(history):
        for healed in history.healed:
            took = recovery(history, view, healed)
            if took is None or took > patience:
                wrong.append(f'I2: {view} was not right within {patience:g} s after the fault ended '
                             f'({"never" if took is None else f"{took:.1f} s"})')
        last = [sample for sample in history.samples if sample.view == view][-1]
        different = sorted(name for name in history.table.keys() | last.shown.keys()
                           if history.table.get(name) != last.shown.get(name))
        if different:
            wrong.append(f'I2: at the end {view} shows something else than the table: {_few(different)}')
        if not last.live:
            wrong.append(f'I2: at the end {view} is not live')
    return wrong


def nothing_old_is_called_live(history: History, patience: float = D) -> list[str]:
    """I3. How old a picture is, the oldest acknowledged write says that it lacks."""
    versions = _versions(history)
    acked = defaultdict(list)
    for write in sorted(history.acknowledged, key=lambda write: write.acked or 0.0):
        acked[write.machine].append((write.acked, write.version))
    times = {machine: [at for at, _ in writes] for machine, writes in acked.items()}
    newest = {machine: list(accumulate((version for _, version in writes), max)) for machine, writes in acked.items()}
    wrong: dict[str, str] = {}
    for sample in history.samples:
        if history.restored is not None and sample.at >= history.restored:
            break
        if not sample.live or sample.view in wrong:
            continue
        for machine, moments in times.items():
            known = bisect_right(moments, sample.at - patience)
            if known and versions.get(_number(sample, machine), -1) < newest[machine][known - 1]:
                age = sample.at - moments[known - 1]
                wrong[sample.view] = (f'I3: {sample.view} called a picture live that lacks a write to {machine} of at '
                                      f'least {age:.1f} s ago')
                break
    return list(wrong.values())


def no_machine_goes_back(history: History) -> list[str]:
    """I4."""
    versions = _versions(history)
    newest: dict[tuple[str, str], int] = {}
    wrong: dict[tuple[str, str], str] = {}
    for sample in history.samples:
        if history.restored is not None and sample.at >= history.restored:
            break
        for machine, (_, number) in sample.shown.items():
            key, version = (sample.view, machine), versions.get(number, -1)
            if version < newest.get(key, -1):
                wrong[key] = f'I4: {sample.view} showed {machine} with version {newest[key]} and then with {version}'
            newest[key] = max(version, newest.get(key, -1))
    return list(wrong.values())


def each_change_has_one_row(history: History) -> list[str]:
    """I5. A write that nobody acknowledged may have been done, but not twice."""
    rows = Counter(row.number for row in history.rows)
    asked = {write.number for write in history.writes}
    return [*(f'I5: write {number} has {count} rows' for number, count in rows.items()
              if number in asked and count > 1),
            *(f'I5: write {write.number} has no row' for write in history.acknowledged if write.number not in rows),
            *(f'I5: {count} rows of a change that nobody made (write {number})' for number, count in rows.items()
              if number not in asked)]


def recovery(history: History, view: str, healed: float) -> float | None:
    """Seconds from the end of a fault until a view was live and showed all that had been acknowledged by then."""
    versions = _versions(history)
    wanted: dict[str, int] = {}
    for write in _counting(history):
        if write.acked is not None and write.version is not None and write.acked <= healed:
            wanted[write.machine] = max(write.version, wanted.get(write.machine, -1))
    for sample in history.samples:
        if sample.view == view and sample.at >= healed and sample.live and all(
                versions.get(_number(sample, machine), -1) >= version for machine, version in wanted.items()):
            return sample.at - healed
    return None


def recoveries(history: History) -> list[float]:
    """How long each view took after each fault; a view that never was right again is not in it."""
    return sorted(took for view in views(history) for healed in history.healed
                  if (took := recovery(history, view, healed)) is not None)


def views(history: History) -> list[str]:
    """Their names."""
    return sorted({sample.view for sample in history.samples})


def _counting(history: History) -> list[Write]:
    """The acknowledged writes that a view has to show."""
    return [write for write in history.acknowledged
            if history.restored is None or (write.acked or 0) > history.restored]


def _number(sample: Sample, machine: str) -> int:
    shown_change = sample.shown.get(machine)
    return shown_change[1] if shown_change else NOT_OURS


def _versions(history: History) -> dict[int, int]:
    """The version that each write got, as far as the writer or the database knows."""
    version_of = {write.number: write.version for write in history.writes if write.version is not None}
    return {NOT_OURS: 0} | {row.number: row.version for row in history.rows} | version_of


def _few(names: Iterable[str], most: int = 5) -> str:
    names = list(names)
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')
