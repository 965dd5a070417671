"""The services that pages use: the store, commands and the identity of the person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from ...access.access import Access
from ...analytics.dashboard_link import DashboardLink
from ...core.errors import SignedOutError
from ...core.machines import MachineName, StatusEvent
from ...core.people import Identity, Person, Role
from ...core.plant_calendar import PlantCalendar
from ...feed.feed_counters import FeedCounters
from ...feed.store import Store
from ...orders.employees import Employees
from ...orders.upload_queue import UploadQueue
from ...orders.work_order_list import WorkOrderList
from ...orders.work_orders import WorkOrders
from ...plant.demo_removal import Plant
from ...plant.feed_commands import FeedCommands
from ...plant.plant_commands import PlantCommands
from ...plant.report_settings import ReportSettingsCommands
from ...plant.sheet_import import SheetImport
from ..http.caller import NOBODY, Identify, identity_of
from ..http.downloads import Downloads
from ..live.broadcast import Broadcast
from ..live.render_probe import RenderProbe
from .alert_hub import AlertHub

EventsOf = Callable[[MachineName, int], Awaitable[list[StatusEvent]]]


@dataclass(frozen=True)
class Services:
    """One instance for the whole program."""

    store: Store
    broadcast: Broadcast
    shifts: str
    """Names and starts, as Shifts takes them."""
    events_of: EventsOf
    employees: Employees
    access: Access
    orders: WorkOrders
    plant: Plant
    setup: PlantCommands
    sheets: SheetImport
    feeds: FeedCommands
    order_list: WorkOrderList
    default_role: Role
    render_probe: RenderProbe
    alerts: AlertHub
    database_now: Callable[[], Awaitable[datetime]]
    """Returns the database's time; raises DatabaseUnavailableError."""
    identify: Identify = identity_of
    has_sign_in: bool = False
    """Whether there is a /sign-in."""
    dashboard: DashboardLink | None = None
    """The Databricks dashboard; None: not configured."""
    report_settings: ReportSettingsCommands | None = None
    """What supervisors set for reports; None: nothing can be set."""
    uploads: UploadQueue = field(default_factory=UploadQueue)
    downloads: Downloads = field(default_factory=Downloads)
    feed_counters: FeedCounters = field(default_factory=FeedCounters)

    def read_calendar(self) -> PlantCalendar:
        """The plant's calendar of now."""
        return self.store.plant.calendar(self.shifts)

    @property
    def calendar(self) -> PlantCalendar:
        """The same. A page that was built with another one is loaded again (calendar_change.py)."""
        return self.read_calendar()

    @property
    def zone(self) -> ZoneInfo:
        """The plant's time zone."""
        return self.store.plant.zone

    def visitor(self) -> Identity:
        """The identity of the person who opened the page that is being built.

        :raises SignedOutError: nobody is signed in
        """
        request = ui.context.client.request
        if request is None:
            raise SignedOutError(NOBODY)
        return self.identify(request)

    def person(self, identity: Identity) -> Person:
        """The person with the role that the store knows. Use it for display, never for authorization.

        Every command reads the role from the database.
        """
        return self.store.person(identity, self.default_role)
