"""The people of the demo: who reports, who repairs and who leads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from floor.core.people import Employee, Role

FEW = 3
"""Up to so many open orders are as good as none."""


class Crew:
    """Those who report, those who repair, and those who lead; who repairs gets about as much to do as the others."""

    def __init__(self, people: Iterable[Employee]) -> None:
        active = sorted((person for person in people if person.active), key=lambda person: person.id)
        self.technicians = [person for person in active if person.role is Role.TECHNICIAN]
        self.supervisors = [person for person in active if person.role is Role.SUPERVISOR] or self.technicians
        self.reporters = [person for person in active if person.role is Role.OPERATOR] or self.supervisors
        self._busy: dict[int, list[datetime]] = {person.id: [] for person in self.technicians}
        self._had = dict.fromkeys(self._busy, 0)

    @property
    def can_work(self) -> bool:
        """Without technicians nothing would ever be done."""
        return bool(self.technicians)

    def of(self, employee_id: int | None) -> Employee | None:
        """The technician with this id."""
        return next((person for person in self.technicians if person.id == employee_id), None)

    def send(self, at: datetime, until: datetime) -> Employee:
        """A person with few open orders gets one more: of several the one who had the fewest."""
        for person, ends in self._busy.items():
            self._busy[person] = [end for end in ends if end > at]
        chosen = min(self.technicians, key=lambda person: (len(self._busy[person.id]) // FEW, self._had[person.id]))
        self._busy[chosen.id].append(until)
        self._had[chosen.id] += 1
        return chosen
