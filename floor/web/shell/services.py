"""What pages are given: the store they are bound to, the commands they send, and who is looking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from nicegui import ui

from ...analytics.dashboard_link import DashboardLink
from ...core.model import Identity, MachineName, Person, Role, StatusEvent
from ...feed.store import Store
from ...orders.employees import Employees
from ...orders.upload_queue import UploadQueue
from ...orders.work_order_list import WorkOrderList
from ...orders.work_orders import WorkOrders
from ...plant.demo_removal import Plant
from ..http.downloads import Downloads
from ..live.broadcast import Broadcast
from ..live.render_probe import Echoes
from .alert_hub import AlertHub

EventsOf = Callable[[MachineName, int], Awaitable[list[StatusEvent]]]
Identify = Callable[[Mapping[str, str]], Identity]


@dataclass(frozen=True)
class Services:
    """One of each for the whole program; pages take it whole, elements what they need."""

    store: Store
    broadcast: Broadcast
    zone: tzinfo
    events_of: EventsOf
    employees: Employees
    orders: WorkOrders
    plant: Plant
    order_list: WorkOrderList
    identify: Identify
    default_role: Role
    echoes: Echoes
    alerts: AlertHub
    database_now: Callable[[], Awaitable[datetime]]
    """The database's clock, which questions about now ask; raises DatabaseUnavailable."""
    dashboard: DashboardLink | None = None
    """In Databricks; None: the settings name none."""
    uploads: UploadQueue = field(default_factory=UploadQueue)
    downloads: Downloads = field(default_factory=Downloads)

    def visitor(self) -> Identity:
        """Who opened the page that is being built; commands are sent in this name.

        :raises NotAllowed: nobody is signed in
        """
        request = ui.context.client.request
        return self.identify(request.headers if request is not None else {})

    def person(self, identity: Identity) -> Person:
        """The same with their role as far as the store knows it: for what a page offers, never for what it may.

        Every command looks the role up again in the database.
        """
        return self.store.person(identity, self.default_role)
