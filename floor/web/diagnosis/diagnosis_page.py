"""The state of the program and its database, for supervisors: problems and remedies first."""

from __future__ import annotations

from nicegui import ui

from ...core.errors import FloorError
from ...core.formatting import delay
from ...core.people import Identity, Role
from ...operations.checks import NOT_DELIVERED, Finding
from ...operations.diagnosis import diagnose, measure_delivery
from ...operations.diagnosis_findings import findings
from ...operations.runtime_status import RuntimeStatus
from ..live.live_view import LiveView
from ..shell.assets import link_stylesheet
from ..shell.frame import DIAGNOSIS, frame
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S, Loading
from ..shell.messages import TextNode, as_sentence
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from ..shell.text_field import TextArea
from ..shell.times import date_and_time
from .facts import panels, unbroken
from .panels import FactPanel, FindingsPanel
from .plain_text import as_text

CHECK_EVERY_S, SOON_S = 10.0, 1.0
STYLESHEET = 'diagnosis.css'


def register(services: Services, runtime: RuntimeStatus, *, retention_days: int | None) -> None:
    """Serve /diagnosis. retention_days: how long changes are kept; None: permanently."""
    @ui.page('/diagnosis', response_timeout=RESPONSE_TIMEOUT_S)
    async def diagnosis_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with frame(DIAGNOSIS, services, view, services.person(identity)):
            link_stylesheet(STYLESHEET)
            page = DiagnosisPage(services, identity, runtime, retention_days)
        services.broadcast.join(view)
        await page.loading.first_answer()


class DiagnosisPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity, runtime: RuntimeStatus,
                 retention_days: int | None) -> None:
        self._services, self._identity, self._runtime = services, identity, runtime
        self._retention_days = retention_days
        self._delivery: Finding | None = None
        self._found: list[Finding] | None = None
        self._panels: dict[str, FactPanel] = {}
        self._timer = ui.timer(CHECK_EVERY_S, self.update, immediate=False)
        ui.timer(SOON_S, self.update, once=True, immediate=False)  # by then this page counts as open
        self._root = ui.element('div').classes('diagnosis')
        with self._root:
            self.loading = Loading(services.store, 'the diagnosis', self.update)
            self._findings = FindingsPanel()
            with ui.element('div').classes('diagnosis-tools'):
                self._button = ui.button('Check now', on_click=self.check, color=None).props('no-caps') \
                    .classes('primary')
                self._result = TextNode('p').classes('panel-note')
                self._result.props['role'] = 'status'
            self._grid = ui.element('div').classes('diagnosis-grid')
            with ui.card().classes('panel').props('role=region aria-label="For support"'):
                Heading('For support').classes('panel-title')
                TextNode('p',
                         'A summary to copy into an e-mail, without passwords or tokens. It is updated by each check '
                         'and when a problem appears or is solved.').classes('panel-note')
                self._text = TextArea().props('readonly outlined input-style="height: 240px"') \
                    .classes('diagnosis-text')
                self._text.props['aria-label'] = 'Diagnosis as text'

    async def update(self, *, write_text: bool = False) -> None:
        """Run the diagnosis and show it. write_text: also update the text for support if no finding has changed."""
        if self._refuse():
            return
        diagnosis = await diagnose(self._runtime)
        if self._root.is_deleted:
            return
        zone = self._services.zone
        found = ([self._delivery] if self._delivery else []) + findings(diagnosis)
        shown = panels(diagnosis, zone, retention_days=self._retention_days)
        self._findings.show(found)
        with self._grid:
            for panel in shown:
                if panel.title in self._panels:
                    self._panels[panel.title].show(panel)
                else:
                    self._panels[panel.title] = FactPanel(panel)
        if write_text or found != self._found:  # otherwise unchanged, because somebody may be copying it
            self._found = found
            self._text.set_value(as_text(diagnosis, found, shown, zone))

    async def check(self) -> None:
        """Measure the delivery of a notification, and run the diagnosis again."""
        if self._refuse():
            return
        self._button.disable()
        try:
            took = unbroken(delay(await measure_delivery(self._runtime)))
            result, self._delivery = f'A test notification was received after {took}.', None
        except FloorError as error:
            result = as_sentence(error)
            self._delivery = NOT_DELIVERED.found(result)
        await self.update(write_text=True)
        if not self._root.is_deleted:
            at = date_and_time(self._services.store.now_ms, self._services.zone)
            self._result.set_text(f'{at}: {result}')
            self._button.enable()

    def _refuse(self) -> bool:
        """Whether this person may not see the page; shows the reason."""
        refusal = role_needed(Role.SUPERVISOR, self._services.person(self._identity).role)
        if not refusal:
            return False
        self._timer.deactivate()
        self._root.clear()
        with self._root, ui.card().classes('panel'):
            Heading('Supervisors only').classes('panel-title')
            TextNode('p', f'{refusal} If the floor looks wrong, ask a supervisor. /healthz shows everyone whether the '
                     f'data is live.')
        return True
