"""The parser of notifications under atheris, which follows the parser's own branches to ever odder payloads.

    pip install atheris && python tests/fuzz_notifications.py -max_total_time=600

Ends when the time is over, or at the first payload that is answered by anything but a value or a NotificationError; the
payload is then in a file crash-... beside. The tests of every day do the same with hypothesis, for a moment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=['floor', 'json']):
    from floor.core.errors import NotificationError
    from floor.feed.protocol import parse

MACHINE = ['Valve_01_01', 'warning', 'Supply air low', 7, 2_000, 1_000, 2_500]
ORDER = ['WO-20261123-3f2a91bc', 9, 2, 'Valve_01_01', 'open', 'high', 4, 'Lisa Garcia', 3_000, 'Leak', None]
MESSAGES = [[MACHINE], {'orders': [ORDER]}, {'resync': 'the feed was emptied'}]
VALUES = [None, True, 7, -1, 3.5, 10**30, '', '7', 'down', 'DOWN', 'open', 'critical', [], {}, [[]], 'x' * 300]


def one(data: bytes) -> None:
    """A payload that is random, or one of the program with letters changed in it, or with a field of it changed."""
    source = atheris.FuzzedDataProvider(data)
    kind = source.ConsumeIntInRange(0, 2)
    if kind == 0:
        payload = source.ConsumeUnicode(8_000)
    elif kind == 1:
        seed = json.dumps(source.PickValueInList(MESSAGES))
        begin = source.ConsumeIntInRange(0, len(seed))
        payload = seed[:begin] + source.ConsumeUnicodeNoSurrogates(40) + seed[begin + source.ConsumeIntInRange(0, 20):]
    else:
        fields = list(source.PickValueInList([MACHINE, ORDER]))
        for _ in range(source.ConsumeIntInRange(0, 3)):
            place = source.ConsumeIntInRange(0, len(fields))
            fields[place:place + source.ConsumeIntInRange(0, 1)] = [source.PickValueInList(VALUES)]
        payload = json.dumps(source.PickValueInList([[fields], {'orders': [fields]}, fields, {'resync': fields}]))
    try:
        parse(payload)
    except NotificationError:
        pass


if __name__ == '__main__':
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
