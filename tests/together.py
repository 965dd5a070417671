"""The cases of one test with one database: making a fresh one takes ten times as long as most of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., Any]


def together(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """As pytest.mark.parametrize, but fixtures are made once for all cases, each of which is a subtest.

    For cases that are refused or only read, and others that do not meet what an earlier one has left.
    """
    each = [dict(zip(names, case, strict=True)) if isinstance(names, tuple) else {names: case} for case in cases]

    def decorate(test: Test) -> Test:
        signature = inspect.signature(test)
        asks_itself = 'subtests' in signature.parameters

        async def run_async(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            for case in each:
                with subtests.test(**{name: ascii(value)[:200] for name, value in case.items()}):
                    await test(**fixtures, **case, **({'subtests': subtests} if asks_itself else {}))

        def run(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            for case in each:
                with subtests.test(**{name: ascii(value)[:200] for name, value in case.items()}):
                    test(**fixtures, **case, **({'subtests': subtests} if asks_itself else {}))

        runs: Any = functools.wraps(test)(run_async if inspect.iscoroutinefunction(test) else run)
        left = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
                for name, parameter in signature.parameters.items() if name not in {*each[0], 'subtests'}]
        runs.__signature__ = signature.replace(parameters=[
            *left, inspect.Parameter('subtests', inspect.Parameter.KEYWORD_ONLY)])
        return runs  # type: ignore[no-any-return]

    return decorate
