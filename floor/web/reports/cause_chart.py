"""The elements of the Pareto chart: horizontal bars that filter the report when they are pressed.

The bars are buttons of the page, not of ECharts, so that the keyboard and screen readers reach them. A report is drawn
again with each reading, and a press reaches the server later than it began; therefore a bar stays the same element for
as long as its cause has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from ...analytics import Cause, LossCosts
from ...analytics.stops import By
from ...core.formatting import downtime, number, percent
from ...core.text import shortened
from ..shell.addresses import with_prefix
from ..shell.chips import hide, set_attribute
from ..shell.kept_rows import keep_rows
from ..shell.messages import TextNode
from ..shell.redrawn import Redrawn
from .bar_focus import BarFocus
from .pareto import MAX_ALL_BARS, MAX_BARS, CauseBar, axis, bars_of, tick_text

MAX_NAME_LENGTH = 80
SHOW_ALL, IN_FILE = 'show all', 'in the CSV file'
OTHERS, FILE, FEWER = '\0others', '\0file', '\0fewer'
"""Stand for the bar that shows all other causes, the one that links to their file, and the button that hides them,
where a reason does; none has such a letter."""


class CauseChart:
    """The chart, and below it the button that hides all but the greatest causes."""

    def __init__(self, choose: Callable[[str | None], None], show_all: Callable[[bool], None]) -> None:
        """choose: called with the reason of a bar that was pressed, or None if it was the chosen one. show_all: called
        with whether all causes are to be shown, not only the greatest."""
        self._choose = choose
        self._show_all = show_all
        self._focus = BarFocus()
        self._prefix = with_prefix('')
        self._rows: dict[str, CauseRow] = {}
        with ui.element('div').classes('pareto') as self._chart:
            with ui.element('div').classes('pareto-head').props('aria-hidden=true'):
                TextNode('span', 'Cause')
                self._measure = TextNode('span')
                TextNode('span', 'Cumulative')
            self._list = ui.element('ol')
            self._list.props['aria-label'] = 'Causes, the greatest first'
            with ui.element('div').classes('pareto-axis').props('aria-hidden=true'):
                self._axis = Redrawn(ui.element('span'))
        self._fewer = TextNode('button', f'Show the {MAX_BARS} greatest only').classes('explain screen-hint')
        self._fewer.props('type=button').on('click', self._press_fewer, args=[])
        self._focus.follow(self._fewer, FEWER)

    def show(self, causes: Sequence[Cause], by: By, chosen: str | None, file: str, *, costs: LossCosts | None = None,
             all_causes: bool = False) -> None:
        """Show these causes. chosen: the reason that the report is filtered by. file: address of the file that has all
        of them. costs: of the time down, if any. all_causes: with a bar for each."""
        focused, before = self._focus.key, list(self._rows)
        bars = bars_of(causes, by, chosen, costs, most=MAX_ALL_BARS if all_causes else MAX_BARS)
        by_key = {bar.reason if bar.reason is not None else FILE if all_causes else OTHERS: bar for bar in bars}
        end, ticks = axis(max(bar.amount for bar in bars if bar.reason is not None), by)
        set_attribute(self._chart, 'data-chosen', str(chosen is not None).lower())
        set_attribute(self._chart, 'data-all', str(all_causes).lower())
        self._measure.set_text('Time down' if by == 'minutes' else 'Stops')
        keep_rows(self._list, self._rows, {key: key for key in by_key}, self._row)
        for key, bar in by_key.items():
            self._rows[key].show(bar, by, end, is_chosen=key == chosen, file=self._prefix + file)
        self._show_ticks(ticks, by, end)
        hide(self._fewer, hidden=not all_causes or len(causes) <= MAX_BARS + 1)
        self._keep_focus(focused, before)

    def _row(self, key: str) -> CauseRow:
        row = CauseRow(key)
        if key != FILE:
            row.bar.on('click', lambda: self._press(key), args=[])
            self._focus.follow(row.bar, key)
        return row

    def _press(self, key: str) -> None:
        self._focus.arrived(key)
        if key == OTHERS:
            self._show_all(True)
        else:
            self._choose(None if self._rows[key].is_chosen else key)

    def _press_fewer(self) -> None:
        self._focus.arrived(FEWER)
        self._show_all(False)

    def _show_ticks(self, ticks: Sequence[float], by: By, end: float) -> None:
        texts = [tick_text(tick, by) for tick in ticks]

        def build() -> None:
            for tick, text in zip(ticks, texts, strict=True):
                TextNode('i', text).style(f'left: {100 * tick / end:.2f}%')

        self._axis.show(texts, build)

    def _keep_focus(self, focused: str | None, before: Sequence[str]) -> None:
        """Give the focus back to a bar that lost it, as a browser takes it from what goes or moves: to the same bar, or
        to what stands for it now.

        focused: the bar that had it. before: the bars that were shown before, in their order
        """
        if focused is None:
            return
        now = list(self._rows)
        if focused in self._rows:
            if [key for key in before if key in self._rows] != [key for key in now if key in before]:
                self._focus.give(focused)
        elif focused != FEWER or self._fewer.props.get('hidden'):
            first_new = next((key for key in now if key not in before), None)
            instead = first_new if focused == OTHERS else OTHERS if OTHERS in self._rows else None
            self._focus.give(instead)


class CauseRow(ui.element):
    """A bar in its list: a button, or a link to the file that has the causes that are too many for the page."""

    def __init__(self, key: str) -> None:
        """key: its reason, OTHERS or FILE."""
        super().__init__('li')
        self.is_chosen = False
        self._action = {OTHERS: SHOW_ALL, FILE: IN_FILE}.get(key, '')
        self._is_link = key == FILE
        with self, ui.element('a' if self._is_link else 'button').classes('pareto-bar') as self.bar:
            with TextNode('span').classes('pareto-name') as self._label:
                self._name = TextNode('span') if self._action else self._label
                if self._action:
                    TextNode('span', self._action).classes('pareto-action screen-hint')
            with ui.element('span').classes('pareto-track').props('aria-hidden=true'):
                self._fill = TextNode('i')
            self._amount = TextNode('span').classes('pareto-amount')
            self._share = TextNode('span').classes('pareto-share')
        self.bar.props('download' if self._is_link else 'type=button')
        if key == OTHERS:
            self.bar.props['aria-expanded'] = 'false'

    def show(self, bar: CauseBar, by: By, end: float, *, is_chosen: bool, file: str) -> None:
        """Show these amounts. end: of the axis. file: address of the file that has all causes."""
        self.is_chosen = is_chosen
        amount = downtime(bar.amount) if by == 'minutes' else number(bar.amount)
        if bar.cost and by == 'minutes':
            amount = f'{amount}, {bar.cost}'
        name = shortened(bar.name, MAX_NAME_LENGTH)
        self._name.set_text(name)
        set_attribute(self._label, 'title', bar.name[:1_000])
        self._fill.style(replace=f'width: {min(100.0, 100 * bar.amount / end):.2f}%')
        part = 'others' if self._action else 'vital' if bar.is_vital else 'trivial'
        set_attribute(self._fill, 'data-part', part)
        set_attribute(self._fill, 'data-cut', str(bar.amount > end).lower())  # many together: all others would be short
        self._amount.set_text(amount)
        self._share.set_text(percent(bar.cumulative))
        set_attribute(self.bar, 'data-chosen', str(is_chosen).lower())
        if self._is_link:
            set_attribute(self.bar, 'href', file)
        elif not self._action:
            set_attribute(self.bar, 'aria-pressed', str(is_chosen).lower())
        set_attribute(self.bar, 'aria-label', f'{name}{self._action and f" {self._action}"}: '
                      f'{amount if by == "minutes" else f"{amount} stops"}, cumulative {percent(bar.cumulative)}')
