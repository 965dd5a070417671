"""Starts the floor: `python main.py`, the same as `line-monitor` where it is installed. Nobody imports this file."""

from floor.start import start

if __name__ in {'__main__', '__mp_main__'}:
    start()
