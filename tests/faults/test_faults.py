"""Every fault that is over soon, in the real program, and with it the proof that its test can fail."""

from __future__ import annotations

import pytest
from database.postgres import Server

from .faults import FAULTS
from .stage import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize('name', [name for name, fault in FAULTS.items() if fault.short])
async def test_no_fault_makes_the_floor_lie_or_forget(name: str, server: Server) -> None:
    fault = FAULTS[name]
    if reason := fault.impossible():
        pytest.skip(reason)
    outcome = await run(fault, server, quick=True)
    print(f'{name}: recovered in {", ".join(f"{seconds:.2f} s" for seconds in outcome.recovery)}')
    assert outcome.violations == []
    assert outcome.mutation_found, f'{fault.mutation} was not noticed, only {outcome.found}'
