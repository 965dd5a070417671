"""The gateway and POST /api/feed under real faults: nothing is lost, nothing is doubled.

    python -m tests.faults.gateway [FAULT] [--quick] [--kills 100] [--whole]

Machines publish to a real broker (or are read from an OPC UA server); the real gateway reports to the real app with its
embedded database. What was sent is compared with the floor's history, event by event. Each fault is also done with one
thing broken, which the comparison must notice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))   # the modules have the same names here as under pytest

from faults.gateway.faults import FAULTS, GatewayFault
from faults.gateway.site import Plant, started_plant

APP_MUTATIONS = ('forgets_event_ids', 'counts_late_events_from_now', 'answers_before_it_is_stored')


def main() -> int:
    """0 when nothing was lost or doubled, and each mutation was noticed."""
    parser = argparse.ArgumentParser(prog='python -m tests.faults.gateway', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('fault', nargs='?', choices=[*FAULTS, 'all'], default='all')
    parser.add_argument('--quick', action='store_true', help='short faults, as in the test suite')
    parser.add_argument('--kills', type=int, default=100, help='of the gateway')
    parser.add_argument('--whole', action='store_true', help='break nothing')
    arguments = parser.parse_args()
    chosen = [FAULTS[arguments.fault]] if arguments.fault != 'all' else list(FAULTS.values())
    return asyncio.run(_play_all(chosen, arguments))


async def _play_all(chosen: list[GatewayFault], arguments: argparse.Namespace) -> int:
    good = True
    mutations = {each for fault in chosen for each in fault.mutations}
    broken = () if arguments.whole else [each for each in APP_MUTATIONS if each in mutations]
    async with started_plant(*broken) as made:
        for fault in chosen:
            good = await _play(made, fault, None, quick=arguments.quick, kills=arguments.kills) and good
            for mutation in () if arguments.whole else fault.mutations:
                good = await _play(made, fault, mutation, quick=True, kills=4) and good
    return 0 if good else 1


async def _play(made: Plant, fault: GatewayFault, mutation: str | None, *, quick: bool, kills: int) -> bool:
    """Print what came of it. Returns whether that is as it must be."""
    began = time.monotonic()
    site, found = await fault.play(made, mutation, quick, 3 if quick and mutation is None else kills)
    figures = ''.join(f', {name} {figure}' for name, figure in site.figures.items())
    print(f'{fault.name} with {mutation or "nothing"} broken: {len(site.publisher.sent):,} changes, '
          f'{time.monotonic() - began:.0f} s{figures}', flush=True)
    for each in found:
        print(f'  {each[:600]}', flush=True)
    if mutation is not None and not found:
        print('  NOT NOTICED', flush=True)
    return bool(found) == (mutation is not None)


if __name__ == '__main__':
    sys.exit(main())
