"""The reasons that stops ever had."""

from __future__ import annotations

from .report_snapshot import ReportSnapshot


async def has_reason(reading: ReportSnapshot) -> bool:
    """Whether a stop ever had the reason that is asked about."""
    found: bool = await reading.queries.has_reason(reading.connection, start=await reading.begin(), now=reading.now,
                                                   reason=reading.scope.reason)
    return found


async def known_reasons(reading: ReportSnapshot) -> list[str]:
    """All of them, the most frequent first."""
    rows = reading.queries.reasons_of_stops(reading.connection, start=await reading.begin(), now=reading.now)
    return [row['reason'] async for row in rows]
