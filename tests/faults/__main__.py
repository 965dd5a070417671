"""python -m tests.faults [NAME] [--quick]: plays faults as long as they are meant to last, and prints a table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))   # the modules have the same names here as under pytest

from database.postgres import Server

from faults.faults import FAULTS
from faults.stage import Fault, Outcome, run

HEAD = ['| fault | what was done | samples | acknowledged writes | lost | recovery | with this broken the test fails |',
        '|---|---|---|---|---|---|---|']


def main() -> int:
    """0 when nothing was broken, and each mutation was found."""
    parser = argparse.ArgumentParser(prog='python -m tests.faults', formatter_class=argparse.RawTextHelpFormatter,
                                     description='\n'.join(f'{name:12} {fault.done}' for name, fault in FAULTS.items()))
    parser.add_argument('name', nargs='?', choices=[*FAULTS, 'all'], default='all')
    parser.add_argument('--quick', action='store_true', help='short faults, as in the test suite')
    arguments = parser.parse_args()
    chosen = FAULTS.values() if arguments.name == 'all' else [FAULTS[arguments.name]]
    lines, good = [], True
    server = Server(18)
    try:
        for fault in chosen:
            if reason := fault.impossible():
                print(f'{fault.name}: {reason}', flush=True)
                continue
            began = time.monotonic()
            outcome = asyncio.run(run(fault, server, quick=arguments.quick))
            print(f'{fault.name}: {time.monotonic() - began:.0f} s, recovered in {recovered(outcome)}', flush=True)
            for violation in outcome.violations:
                print(f'  {violation}', flush=True)
            print(f'  {fault.mutation}: {"; ".join(outcome.found) or "not noticed"}', flush=True)
            good = good and not outcome.violations and outcome.mutation_found
            lines.append(row(fault, outcome))
    finally:
        server.stop()
    print('\n' + '\n'.join([*HEAD, *lines]))
    return 0 if good else 1


def row(fault: Fault, outcome: Outcome) -> str:
    """One line of the table in tests/faults/README.md."""
    history = outcome.history
    figures = ''.join(f'; {name} {figure}' for name, figure in history.figures.items())
    return (f'| {fault.name} | {fault.done}{figures} | {len(history.samples):,} | {len(history.acknowledged):,} | '
            f'{outcome.lost} | {recovered(outcome)} | {fault.mutation.replace("_", " ")}: '
            f'{fault.promise if outcome.mutation_found else "**not noticed**"} |')


def recovered(outcome: Outcome) -> str:
    """'0.3 s', or the median and the longest of many."""
    took = outcome.recovery
    if not took:
        return ''
    return f'{took[0]:.2f} s' if len(took) == 1 else f'{median(took):.2f} s, at most {took[-1]:.2f} s ({len(took)})'


if __name__ == '__main__':
    sys.exit(main())
