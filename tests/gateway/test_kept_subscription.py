"""What is remembered of an OPC UA subscription: little is written for each message, and a part of it may be damaged."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from floor.gateway.opcua.kept_subscription import KeptSubscription, KeptSubscriptionFile

URL = 'opc.tcp://localhost:4840'
KEPT = KeptSubscription(URL, 0.25, 'i=7', 3, [f'ns=2;s=Machine {number}' for number in range(1_000)], {}, [], 5, 100.5)


def files(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {each.name: (each.stat().st_ino, each.stat().st_size, each.stat().st_mode & 0o777)
            for each in folder.iterdir()}


def test_a_message_writes_512_bytes_in_their_place(tmp_path: Path) -> None:
    file = KeptSubscriptionFile(tmp_path, 'press')
    file.write(KEPT)
    file.write_progress(3, 'i=7', 6, 101.123456789)
    before = files(tmp_path)
    file.write_progress(3, 'i=7', 7, 102.0)
    assert files(tmp_path) == before
    assert before['opcua-press.progress'][1:] == (512, 0o600)
    assert KeptSubscriptionFile(tmp_path, 'press').read(URL) == replace(KEPT, sequence=7, heard_at=102.0)


def test_the_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    (tmp_path / 'opcua-press.json').write_text(json.dumps(asdict(KEPT)))
    assert KeptSubscriptionFile(tmp_path, 'press').read(URL) == KEPT


@pytest.mark.parametrize('progress', [
    '', '{"id": 3, "token": "i=7", "seq', '[]', '{"id": 3, "token": "i=7"}',
    '{"id": 3, "token": "i=7", "sequence": null, "heard_at": 1}'])
def test_without_progress_that_can_be_read_it_goes_on_from_when_it_was_kept(tmp_path: Path, progress: str) -> None:
    file = KeptSubscriptionFile(tmp_path, 'press')
    file.write(KEPT)
    (tmp_path / 'opcua-press.progress').write_text(progress)
    assert file.read(URL) == KEPT


@pytest.mark.parametrize(('subscription', 'token'), [(2, 'i=7'), (3, 'i=6')])
def test_the_progress_of_another_subscription_is_ignored(tmp_path: Path, subscription: int, token: str) -> None:
    file = KeptSubscriptionFile(tmp_path, 'press')
    file.write(KEPT)
    file.write_progress(subscription, token, 900, 900.0)
    assert file.read(URL) == KEPT


def test_what_is_kept_replaces_the_progress_of_a_subscription_that_had_the_same_id_before_the_server_restarted(
        tmp_path: Path) -> None:
    file = KeptSubscriptionFile(tmp_path, 'press')
    file.write_progress(KEPT.id, KEPT.token, 900, 90.0)
    file.write(KEPT)
    assert file.read(URL) == KEPT
    file.write_progress(KEPT.id, KEPT.token, 6, 101.0)
    assert file.read(URL) == replace(KEPT, sequence=6, heard_at=101.0)
