"""No test asserts that something was quick: a busy machine would break it. Speed is for the benchmarks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLOCKS = {'monotonic', 'perf_counter', 'process_time', 'thread_time', 'time', 'now'}


def timed(source: str) -> list[int]:
    """The lines of asserts that a duration is below something: a clock minus its earlier value, or a name for that."""
    tree = ast.parse(source)
    names = {target.id for node in ast.walk(tree) if isinstance(node, ast.Assign)
             for target, value in assigned(node) if isinstance(target, ast.Name) and is_duration(value, frozenset())}
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)
            for smaller in bounded_above(node.test) if is_duration(smaller, names)]


def assigned(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


def is_duration(expression: ast.expr, names: set[str] | frozenset[str]) -> bool:
    return any((isinstance(node, ast.Name) and node.id in names)
               or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and reads_a_clock(node.left))
               for node in ast.walk(expression))


def reads_a_clock(expression: ast.expr) -> bool:
    return (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and not expression.args
            and expression.func.attr in CLOCKS)


def bounded_above(test: ast.expr) -> Iterator[ast.expr]:
    for comparison in ast.walk(test):
        if isinstance(comparison, ast.Compare):
            sides = pairwise([comparison.left, *comparison.comparators])
            for operator, (left, right) in zip(comparison.ops, sides, strict=True):
                if isinstance(operator, ast.Lt | ast.LtE):
                    yield left
                elif isinstance(operator, ast.Gt | ast.GtE):
                    yield right


def test_no_test_asserts_that_something_was_quick() -> None:
    found = {str(file.relative_to(TESTS)): lines for file in sorted(TESTS.rglob('*.py'))
             if 'benchmarks' not in file.parts and (lines := timed(file.read_text()))}
    assert found == {}


@pytest.mark.parametrize(('source', 'lines'), [
    ('assert time.monotonic() - began < 5', [1]),
    ('assert 5 >= asyncio.get_running_loop().time() - began', [1]),
    ('took = time.process_time() - began\nassert took <= LIMIT', [2]),
    ('count, took = 1, time.perf_counter() - began\nassert count and 0 < took < LIMIT', [2]),
    ('assert time.monotonic() - began > 5', []),
    ('took = time.monotonic() - began\nassert 5 <= took', []),
    ('assert time.monotonic() < deadline, "it hangs"', []),
])
def test_it_knows_one_from_the_other(source: str, lines: list[int]) -> None:
    assert timed(source) == lines
