"""Events on disk: their order, the limit, what survives, and what is damaged."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from floor.gateway.errors import GatewayConfigError, QueueError
from floor.gateway.event_queue import FILE, EventQueue, Total

EVENT = '{"machine":"%s"}'
WRITER = """
import sys
from contextlib import closing
from pathlib import Path
from floor.gateway.event_queue import EventQueue, Total
queue = EventQueue(Path(sys.argv[1]), 1_000_000)
for number in range(1_000_000):
    queue.put(['{"machine":"%d"}' % number], {'counter': Total(number, 0)})
    print(number, flush=True)
"""


def machines(queue: EventQueue, most: int = 1_000_000) -> list[str]:
    return [json.loads(each.event)['machine'] for each in queue.first(most)]


def put(queue: EventQueue, *names: object) -> None:
    queue.put([EVENT % name for name in names])


def test_events_keep_their_order_and_their_ids_over_a_restart(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path / 'new', 10_000)
    put(queue, 'a', 'b')
    put(queue, 'c')
    before = queue.first(10)
    queue.remove(before[0].number)
    queue.close()
    queue = EventQueue(tmp_path / 'new', 10_000)
    assert queue.first(10) == before[1:]
    assert queue.waiting == 2
    queue.remove(before[2].number)
    assert queue.waiting == 0
    put(queue, 'd')
    assert queue.first(10)[0].number > before[2].number
    ids = [json.loads(each.event)['id'] for each in (*before, *queue.first(1))]
    assert len(set(ids)) == 4
    queue.close()


def test_an_event_that_was_put_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, '-c', WRITER, tmp_path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = []
        for line in writer.stdout:
            lines.append(line)
            if len(lines) == 300:
                writer.kill()
    queue = EventQueue(tmp_path, 1_000_000)
    found = machines(queue)
    assert found == [str(number) for number in range(len(found))]
    assert len(found) >= len(lines) >= 300
    assert queue.total('counter') == Total(len(found) - 1, 0)
    queue.close()


HALF = """
import os, signal, sys
from pathlib import Path
from floor.gateway.event_queue import EventQueue

class Totals(dict):
    def items(self):
        os.kill(os.getpid(), signal.SIGKILL)

more = 'x' * 500
events = [f'{{"machine":"{number}","more":"{more}"}}' for number in range(20_000)]   # more than SQLite holds back
EventQueue(Path(sys.argv[1]), 1_000_000).put(events, Totals(a=1))
"""


def test_what_was_half_put_at_a_kill_9_is_not_there_and_what_was_before_is(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000_000)
    put(queue, *range(1_000))
    queue.close()
    assert subprocess.run([sys.executable, '-c', HALF, tmp_path], check=False).returncode == -9
    queue = EventQueue(tmp_path, 1_000_000)
    assert machines(queue) == [str(number) for number in range(1_000)]
    queue.close()


def test_a_sync_waits_for_the_disk(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000_000)
    assert queue._database.execute('PRAGMA synchronous').fetchone() == (1,)   # only a power cut would show another
    queue.close()


def test_a_full_queue_is_logged_again_after_it_had_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queue = EventQueue(tmp_path, 1_000)
    for removed, lines in ((0, 1), (10, 1), (500, 2)):
        queue.remove(queue.first(1_000)[removed - 1].number if removed else 0)
        put(queue, *range(1_100))
        assert caplog.text.count('the queue is full with 1,000 events') == lines
    queue.close()


def test_more_events_than_the_limit_lose_the_oldest_and_are_counted(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000)
    put(queue, *range(990))
    put(queue, *range(990, 1_020))
    assert (queue.waiting, queue.lost) == (1_000, 20)
    assert machines(queue)[::999] == ['20', '1019']
    queue.close()
    queue = EventQueue(tmp_path, 1_000)
    assert (queue.waiting, queue.lost) == (1_000, 20)
    put(queue, *range(2_500))
    assert (machines(queue, 1), queue.waiting, queue.lost) == (['1500'], 1_000, 2_520)
    queue.close()


def test_a_total_is_stored_with_its_event_or_not_at_all(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000)
    queue.put([EVENT % 'a'], {'counter': Total(5, 1)})
    with sqlite3.connect(tmp_path / FILE) as other:   # as when the disk is full
        other.execute("CREATE TRIGGER full BEFORE INSERT ON totals BEGIN SELECT RAISE(ABORT, 'full'); END")
    other.close()
    with pytest.raises(QueueError, match='full'):
        queue.put([EVENT % 'b'], {'counter': Total(6, 2)})
    assert (queue.waiting, queue.total('counter'), machines(queue)) == (1, Total(5, 1), ['a'])
    queue.close()


def test_a_total_that_cannot_be_read_is_an_error_of_the_queue(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000)
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute('DROP TABLE totals')
    with pytest.raises(QueueError, match='no such table'):
        queue.total('counter')
    queue.close()


def test_a_second_gateway_does_not_take_the_same_queue(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path, 1_000)
    with pytest.raises(GatewayConfigError, match='another gateway uses'):
        EventQueue(tmp_path, 1_000)
    queue.close()
    EventQueue(tmp_path, 1_000).close()


def test_a_damaged_queue_is_kept_beside_a_new_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b'not a database' * 1_000)
    queue = EventQueue(tmp_path, 1_000)
    put(queue, 'a')
    assert machines(queue) == ['a']
    assert 'damaged' in caplog.text
    assert len(list(tmp_path.glob('*.damaged-*'))) == 1
    queue.close()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(GatewayConfigError, match='file'):
        EventQueue(tmp_path / 'file', 1_000)
