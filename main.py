"""Starts the floor: `python main.py`, the same as `line-monitor` where it is installed. Nobody imports this file."""

import sys

from floor.command_line import main

if __name__ in {'__main__', '__mp_main__'}:
    sys.exit(main())
