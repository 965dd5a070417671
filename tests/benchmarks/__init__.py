"""Speed and memory, measured on real parts and run by hand:

    python -m tests.benchmarks            what there is
    python -m tests.benchmarks fanout     one of them
    python -m tests.benchmarks all        all, about half an hour

Each starts the real program on its own data folder, writes by UPDATE, and prints rows as README.md has them.
The yardstick (yardstick.py) is driven by the same kind of changes, in turn with the program in the same run, so that a
noisy machine disturbs both. Absolute figures are of the machine they were taken on; the ratios travel.
"""
