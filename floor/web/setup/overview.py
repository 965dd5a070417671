"""/setup: what the plant still needs, and the way into each section."""

from __future__ import annotations

from nicegui import ui

from ...feed.difference import Difference
from ..live.live_view import LiveView
from ..shell.demo_ribbon import SetUpPlantButton
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import TextNode
from ..shell.services import Services
from .checklist import Step, steps_of
from .frame import OVERVIEW, SECTIONS, setup_frame
from .plant_reader import PlantItems, PlantReader

DEMO = ('This floor is a demo with simulated data. Set up your plant: the demo is removed, and the floor is empty and '
        'ready for your machines.')


def register(services: Services) -> None:
    """Serve /setup."""
    @ui.page(SECTIONS[OVERVIEW], response_timeout=RESPONSE_TIMEOUT_S)
    async def overview_page() -> None:
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(OVERVIEW, services, view, services.person(services.visitor())) as allowed:
            page = OverviewPage(services) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.reader.loading.first_answer()


class OverviewPage:
    """One browser's page."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._steps: list[Step] = []
        with ui.card().classes('panel').props('role=region aria-label="Your plant"'):
            Heading('Your plant').classes('panel-title')
            with ui.element('div').classes('setup-demo') as self._demo:
                TextNode('p', DEMO)
                SetUpPlantButton(services).classes('primary')
            self._summary = TextNode('p').classes('panel-note')
            self._summary.props['role'] = 'status'
            self._list = ui.element('ol').classes('setup-steps')
            self.reader = PlantReader(services, self._show)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))

    def _show(self, items: PlantItems) -> None:
        steps = steps_of(self._store, items.lines)
        self._demo.set_visibility(bool(self._store.is_demo))
        missing = sum(not step.is_done for step in steps)
        left = f'{missing} of {len(steps)} steps {"is" if missing == 1 else "are"} left.'
        self._summary.set_text('What the demo has:' if self._store.is_demo else
                               left if missing else 'Your plant is set up.')
        if steps == self._steps:
            return
        self._steps = steps
        self._list.clear()
        with self._list:
            for step in steps:
                with ui.element('li') as item:
                    item.props['data-done'] = str(step.is_done).lower()
                    TextNode('span', 'Done: ' if step.is_done else 'To do: ').classes('visually-hidden')
                    TextNode('span', step.text).classes('free-text')
                    if step.action:
                        ui.link(step.action, step.address)

    def _on_difference(self, difference: Difference) -> None:
        if difference.people or difference.machines:
            self._show(self.reader.items)
