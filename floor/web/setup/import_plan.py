"""What a sheet would change, row by row, as a table that can be filtered."""

from __future__ import annotations

from nicegui import ui

from ...core.formatting import number
from ...plant.sheet_plan import RowOutcome, RowPlan, SheetPlan
from ..shell.messages import TextNode

AT_ONCE = 200
"""Rows that are shown before somebody asks for more."""
LISTED_NAMES = 20
HEADINGS = 'Row', 'Name', 'Outcome', 'Details'


class PlanTable(ui.element):
    """Hidden without a plan. Refused rows are shown first, if there are any."""

    def __init__(self) -> None:
        super().__init__('div')
        self.classes('import-plan')
        self._plan: SheetPlan[RowPlan] | None = None
        self._outcome: RowOutcome | None = None
        self._most = AT_ONCE
        with self:
            self._summary = TextNode('p')
            self._summary.props['role'] = 'status'
            self._added = TextNode('p').classes('panel-note')
            with ui.element('div').classes('chips').props('role=group aria-label="Filter rows"'):
                self._chips = {outcome: self._chip(outcome) for outcome in (None, *RowOutcome)}
            with ui.element('table').classes('setup-table import-table').props('aria-label=Rows'):
                with ui.element('thead'), ui.element('tr'):
                    for heading in HEADINGS:
                        TextNode('th', heading).props['scope'] = 'col'
                self._body = ui.element('tbody')
            self._more = ui.button('', on_click=self._show_more, color=None).props('flat no-caps')

    def show(self, plan: SheetPlan[RowPlan] | None, file_name: str) -> None:
        """Show a plan; None: hide the table."""
        self._plan = plan
        self.set_visibility(plan is not None)
        self._body.clear()
        if plan is None:
            return
        self._summary.set_text(f'{file_name}: {plan}.' if file_name else f'{plan}.')
        self._added.set_text(' '.join(f'{what}: {_first(names)}.' for what, names in (
            ('New lines', plan.new_lines), ('New types', plan.new_types)) if names))
        for outcome, chip in self._chips.items():
            rows = plan.rows if outcome is None else plan.of(outcome)
            chip.set_text(f'{(outcome or "all").capitalize()} {number(len(rows))}')
        self._choose(RowOutcome.REFUSED if plan.of(RowOutcome.REFUSED) else None)

    def _chip(self, outcome: RowOutcome | None) -> TextNode:
        chip = TextNode('button').classes('chip')
        chip.props['type'] = 'button'
        chip.on('click', lambda: self._choose(outcome), args=[])
        return chip

    def _choose(self, outcome: RowOutcome | None) -> None:
        self._outcome, self._most = outcome, AT_ONCE
        for each, chip in self._chips.items():
            chip.props['aria-pressed'] = str(each is outcome).lower()
        self._body.clear()
        self._fill(0)

    def _show_more(self) -> None:
        shown, self._most = self._most, self._most + AT_ONCE
        self._fill(shown)

    def _fill(self, first: int) -> None:
        if self._plan is None:
            return
        rows = self._plan.rows if self._outcome is None else self._plan.of(self._outcome)
        with self._body:
            for row in rows[first:self._most]:
                self._row(row)
        rest = max(0, len(rows) - self._most)
        self._more.set_visibility(rest > 0)
        self._more.set_text(f'Show {number(min(rest, AT_ONCE))} more of {number(rest)}')

    def _row(self, row: RowPlan) -> None:
        details = ', '.join(text for text in (row.details, *row.notes) if text)
        with ui.element('tr') as element:
            element.props['data-outcome'] = row.outcome.value
            for heading, text in zip(HEADINGS, (str(row.number), row.name, row.outcome.value, details), strict=True):
                with ui.element('td') as cell:
                    cell.props['data-column'] = heading
                    TextNode('span', text).classes('free-text')


def _first(names: tuple[str, ...]) -> str:
    return ', '.join(names[:LISTED_NAMES]) + (f' and {number(len(names) - LISTED_NAMES)} more'
                                              if names[LISTED_NAMES:] else '')
