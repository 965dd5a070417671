"""What a report shows below its filters: figures, timeline, losses and work orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from nicegui import ui

from ...analytics import Analytics, Kpi, Kpis, Window
from ...analytics.stops import By
from ...core.machines import MachineName
from ...feed.store import Store
from ..shell.services import Services
from .answer import AnswerPanel, read_answer
from .cards import KpiCards
from .loss_panels import LossPanels, table_view
from .orders import show_orders
from .panel import ReportPanel
from .report_query import ReportQuery
from .report_windows import Comparison
from .timeline import timeline_panel


class ReportBody:
    """Panels of one page. Each part is shown as soon as it was read."""

    def __init__(self, services: Services, analytics: Analytics, choice: ReportQuery, window: Window, *,
                 explain: Callable[[Kpi], None], zoom: Callable[[Window], None], sort: Callable[[By], None]) -> None:
        """explain, zoom, sort: called with what a person chose in the cards, the timeline and the stops by cause."""
        self._store = services.store
        self._zone = services.zone
        self._analytics = analytics
        self._client = ui.context.client
        self._answer = AnswerPanel()
        self._cards = KpiCards(explain)
        self._timeline = timeline_panel(analytics, services.store, services.zone, window,
                                        machines_of(services.store, choice), zoom)
        self._losses = LossPanels(analytics, services.zone, sort)
        self._orders = ReportPanel('Work orders', wide=True)

    def show_timeline(self, choice: ReportQuery, window: Window) -> None:
        """Read the timeline of this window in the background."""
        self._timeline.show(window, machines_of(self._store, choice))

    def clear(self, sentence: str) -> None:
        """Show this sentence instead of figures, losses and work orders, because they are wrong."""
        with self._client:
            self._answer.clear()
            self._cards.clear()
            self._losses.say(sentence)
            self._orders.say(sentence)

    async def read(self, choice: ReportQuery, comparison: Comparison, broad_comparison: Comparison, *, now: datetime,
                   figures_shown: asyncio.Event) -> None:
        """Read and show part after part. now: by the database's clock. figures_shown: set after the first part.

        :raises FloorError: a part cannot be read
        """
        analytics, window, scope = self._analytics, comparison.window, choice.scope
        begun = window.start < now
        kpis = await analytics.kpis(window, scope)
        before = None if comparison.before is None else await analytics.kpis(comparison.before, scope)
        answer = await read_answer(analytics, choice, comparison, kpis, before) if kpis.covered else None
        with self._client:
            if answer is None:
                self._answer.clear()
            else:
                self._answer.show(choice, comparison, answer)
            self._cards.show(kpis, before)
            figures_shown.set()
            self._losses.about(choice, comparison, broad_comparison)
            self._orders.about(comparison.words)
        if nothing := no_data_text(kpis, choice, begun=begun):
            with self._client:
                self._losses.say(nothing)
        else:
            await self._losses.read(choice, comparison, broad_comparison)
        broad = choice.broad
        orders = await analytics.work_orders(window, scope)
        volume = orders if broad is choice else await analytics.work_orders(broad_comparison.window, scope)
        with self._client:
            show_orders(self._orders, orders, volume.volume if begun else (), table_view(self._zone, choice),
                        lambda name: (broad if name == 'order-volume' else choice).file(name))


def machines_of(store: Store, choice: ReportQuery) -> list[MachineName] | None:
    """The machines that a report is about, in flow order; None: all."""
    if choice.machine is not None:
        return [choice.machine]
    if choice.line is None:
        return None
    return [machine.name for line in store.lines if line.name == choice.line for machine in line.machines]


def no_data_text(kpis: Kpis, choice: ReportQuery, *, begun: bool) -> str:
    """Why a report is empty; empty where it is not."""
    if kpis.covered:
        return ''
    if not begun:
        return 'This window has not started yet.'
    if choice.machine is not None:
        return 'No data from this machine in this window.'
    if not kpis.machines:
        return 'There are no machines on this line.' if choice.line else 'There are no machines yet.'
    return 'No data from these machines in this window.'
