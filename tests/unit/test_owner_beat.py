"""Of several that want a data folder at the same moment one gets it, also where locks do not hold."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from floor.db.embedded import owner_beat
from floor.db.embedded.owner_beat import OwnerBeat, place

OF_THE_PAST = {'machine': place().machine, 'namespace': place().namespace, 'boot': 'an earlier one', 'pid': 1}


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[OwnerBeat, OwnerBeat]]:
    monkeypatch.setattr(owner_beat, 'EVERY_S', 0.1)
    both = OwnerBeat(tmp_path), OwnerBeat(tmp_path)
    yield both
    for each in both:
        each.stop()


def results(*claims: Generator[None, None, bool]) -> list[bool]:
    """What each ends with, when all of them go on in turns."""
    ends: dict[int, bool] = {}
    while len(ends) < len(claims):
        for number, claim in enumerate(claims):
            if number not in ends:
                try:
                    next(claim)
                except StopIteration as end:
                    ends[number] = end.value
    return [ends[number] for number in range(len(claims))]


@pytest.mark.parametrize('left', [None, OF_THE_PAST], ids=['an unused folder', 'after a crash'])
def test_of_two_that_look_before_either_writes_one_gets_the_folder(
        two: tuple[OwnerBeat, OwnerBeat], left: dict[str, Any] | None, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    if left is not None:
        (tmp_path / 'owner.beat').write_text(json.dumps(left))
    one, other = two
    first, looks, read = one.claim(), iter([True]), owner_beat._read
    ended_at_once = []

    def while_the_other_looks(path: Path) -> dict[str, Any] | None:
        found = read(path)
        if next(looks, False):
            try:
                next(first)
            except StopIteration as end:
                ended_at_once.append(end.value)
        return found

    monkeypatch.setattr(owner_beat, '_read', while_the_other_looks)
    if left is None:
        assert [*results(other.claim()), *ended_at_once] == [False, True]
    else:
        assert results(other.claim(), first) == [True, False]
    assert json.loads((tmp_path / 'owner.beat').read_text())['token'] == (one if left is None else other)._token


def test_who_was_refused_leaves_the_line_of_the_owner(two: tuple[OwnerBeat, OwnerBeat], tmp_path: Path) -> None:
    owner, late = two
    assert owner.claim_now()
    (tmp_path / 'owner.beat').write_text(json.dumps({'token': 'of another container', 'count': 7}))
    assert not late.claim_now(), 'the line changes'
    late.stop()
    assert (tmp_path / 'owner.beat').exists()
    owner.stop()
    assert late.claim_now()


def test_a_line_that_is_being_written_counts_as_one(two: tuple[OwnerBeat, OwnerBeat], tmp_path: Path) -> None:
    late, _ = two
    (tmp_path / 'owner.beat').touch()
    claim = late.claim()
    next(claim)
    (tmp_path / 'owner.beat').write_text(json.dumps({'token': 'of another container', 'count': 0}))
    assert results(claim) == [False]
