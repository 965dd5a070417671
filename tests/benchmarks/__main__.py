"""python -m tests.benchmarks NAME"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))   # the modules have the same names here as under pytest

from . import (
    bench_crawl,
    bench_fanout,
    bench_flood,
    bench_gateway,
    bench_import,
    bench_ingest,
    bench_latency,
    bench_load,
    bench_many,
    bench_orders,
    bench_outages,
    bench_page,
    bench_rename,
    bench_reports,
    bench_soak,
    bench_start,
    bench_stop,
    bench_wall,
)
from .report import Row, table
from .server import PROGRAM

BENCHMARKS = {'latency': bench_latency, 'fanout': bench_fanout, 'many': bench_many, 'page': bench_page,
              'start': bench_start, 'soak': bench_soak, 'orders': bench_orders, 'reports': bench_reports,
              'outages': bench_outages, 'load': bench_load, 'flood': bench_flood, 'stop': bench_stop,
              'crawl': bench_crawl, 'wall': bench_wall, 'import': bench_import, 'ingest': bench_ingest,
              'rename': bench_rename, 'gateway': bench_gateway}


def main() -> int:
    """Run what the command line names; 0 when every target was met."""
    parser = argparse.ArgumentParser(prog='python -m tests.benchmarks', formatter_class=argparse.RawTextHelpFormatter,
                                     description='\n'.join(f'{name:8} {(bench.__doc__ or "").splitlines()[0]}'
                                                           for name, bench in BENCHMARKS.items()))
    parser.add_argument('name', choices=[*BENCHMARKS, 'all'])
    parser.add_argument('--quick', action='store_true', help='fewer and shorter rounds: a look, not a figure')
    parser.add_argument('--minutes', type=int, help='of outages: how long the longest last, instead of 3')
    parser.add_argument('--millions', type=int, help='of reports: how many million changes, instead of 10')
    parser.add_argument('--keep', type=Path, metavar='FOLDER',
                        help='of reports: a short path for the data, for another run that need not fill it')
    parser.add_argument('--search-only', action='store_true', help='of orders: no pages, no memory')
    parser.add_argument('--program', type=Path, default=PROGRAM, help='what to start instead of main.py')
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in BENCHMARKS if arguments.name == 'all' else [arguments.name]:
        print(f'\n{name}: {(BENCHMARKS[name].__doc__ or "").splitlines()[0]}', flush=True)
        more = {'outages': {'minutes': arguments.minutes} if arguments.minutes else {},
                'reports': {'keep': arguments.keep, **({'millions': arguments.millions} if arguments.millions else {})},
                'orders': {'search_only': arguments.search_only}}.get(name, {})
        rows += asyncio.run(BENCHMARKS[name].run(arguments.program, quick=arguments.quick, **more))
    print('\n' + table(rows))
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
