"""The plant and its work orders while they are played: what has to be written next, and what was left to people.

Pure, like the model: the runner has the clock and the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from floor.core.people import Employee
from simulator.calendar import Calendar
from simulator.order_batch import OrderBatch, OrderStep
from simulator.orders import PlannedOrders, UnfinishedOrder
from simulator.simulated_machine import Status
from simulator.simulated_plant import SimulatedPlant, Station
from simulator.timeline import SimulatedStop


class LivePlant:
    """One plant, with the orders to its stops."""

    def __init__(self, plant: SimulatedPlant, calendar: Calendar, orders: PlannedOrders,
                 stations: Sequence[Station]) -> None:
        self.plant = plant
        self.stations = tuple(stations)
        self._calendar = calendar
        self._orders = orders
        self._due: list[OrderStep] = []
        self._left = set[str]()

    @classmethod
    def beginning(cls, stations: Sequence[Station], people: Iterable[Employee], seed: int,
                  calendar: Calendar) -> LivePlant:
        """A plant at the calendar's plant second 0."""
        now = calendar.zero
        plant = SimulatedPlant(stations, seed, calendar)
        calendar.set(plant.now, now)
        return cls(plant, calendar, PlannedOrders(people, seed, calendar), stations)

    @property
    def now(self) -> datetime:
        """The moment up to which it was played."""
        return self._calendar.moment(self.plant.now)

    def follow_clock(self, zone: tzinfo) -> None:
        """The shifts begin by the clock of this zone from now on."""
        self._calendar.zone = zone

    def arrange(self, stations: Sequence[Station]) -> None:
        """Add new machines and remove missing ones."""
        self.stations = tuple(stations)
        self.plant.arrange(stations)

    def advance(self, seconds: float) -> None:
        """Play so many plant seconds, and plan the orders to the stops that begin in them."""
        last = {change.machine: change for change in self.plant.advance(self.plant.now + seconds)}
        for change in last.values():
            if change.status == 'down':  # and still is
                since, until = (self._calendar.moment(at) for at in (change.at, self.plant.ends(change.machine)))
                self._orders.stop(SimulatedStop(change.machine, change.reason, since, until))

    def take_over(self, states: Iterable[tuple[str, Status, str | None, float]], people: Iterable[Employee],
                  unfinished: Iterable[tuple[UnfinishedOrder, bool]], seed: str) -> None:
        """Go on from what another simulator has left: states of machines, and orders, each with whether its machine is
        still down for it."""
        self.plant.resume(states)
        self._due, self._left = [], set()
        self._orders = PlannedOrders(people, seed, self._calendar)
        for order, is_down in unfinished:
            until = self._calendar.moment(self.plant.ends(order.machine)) if is_down else None
            self._orders.resume(order, self.now, until)

    def due_steps(self) -> OrderBatch:
        """What people have done to orders by now and is not written yet; recoveries are written by the app."""
        self._due += self._orders.steps_until(self.now).steps
        return OrderBatch([step for step in self._due if step.order_id not in self._left and step.recovered_at is None])

    def written(self, left: Iterable[str]) -> None:
        """The due steps are written, except those to orders that are left to people from now on."""
        self._due.clear()
        self._left.update(left)
