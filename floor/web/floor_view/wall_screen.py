"""The floor for a wall screen: no navigation, large type, and optionally one line after the other.

It runs for weeks: no element is added or removed when the line changes, so that memory use stays constant.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui

from ...core.formatting import number
from ...core.names import is_same_name
from ...core.query_parameters import Query, unknown_name_message
from ...core.text import shown
from ...feed.machine import Line
from ...feed.store import Store
from ...plant.line_commands import areas_of
from ..live.live_element import BEAT, FIGURES, LISTS, SECOND, TURNS, Content, LiveElement
from ..live.live_view import LiveView
from ..live.stale_overlay import StaleOverlay
from ..shell.connection_badge import ConnectionBadge, ConnectionBanner, PlantClock
from ..shell.demo_ribbon import DemoRibbon
from ..shell.frame import add_page_assets, page_foot
from ..shell.history_note import HistoryNote
from ..shell.messages import Alert
from ..shell.page_title import PageTitle
from ..shell.services import Services
from ..shell.theme import Theme, show_theme
from .attention_list import attention_list
from .line_card import line_card
from .plant_figures import PlantFigures

MIN_TURN_S, MAX_TURN_S = 3.0, 3600.0
NAMES = ('kiosk', 'line', 'area', 'rotate', 'theme')
THEMES = Theme.DARK, Theme.LIGHT, Theme.ANDON, Theme.HIGH_PERFORMANCE, Theme.AUTO


@dataclass(frozen=True, slots=True)
class WallQuery:
    """The query of an address of the wall screen.

    names: the lines to show; areas: of which all lines are shown too; without both, all
    turn: seconds per line; 0: all at once
    problem: what is invalid; empty: nothing
    """

    names: Sequence[str]
    turn: float = 0.0
    theme: Theme = Theme.DARK
    problem: str = ''
    areas: Sequence[str] = ()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> WallQuery:
        """Parse a query; empty values mean the default."""
        parsed = Query(query, NAMES)
        names, areas = parsed.texts('line'), parsed.texts('area')
        theme, turn = parsed.one_of('theme', THEMES), parsed.text('rotate').strip()
        parsed.flag('kiosk')
        try:
            seconds = float(turn or 0)
        except ValueError:
            seconds = math.nan
        if seconds and not MIN_TURN_S <= seconds <= MAX_TURN_S:
            parsed.fail('rotate', f'Cannot understand rotate={shown(turn)}: use a number of seconds from '
                                  f'{number(MIN_TURN_S)} to {number(MAX_TURN_S)}, or 0 for all lines at once')
        if parsed.faults:
            return cls(names, problem=' '.join(parsed.faults.values()))
        return cls(names, seconds, theme or Theme.DARK, areas=areas)


def wall_screen(services: Services, query: WallQuery) -> None:
    """Build the page. The attention list of the whole floor is always visible beside the lines."""
    store, turn, is_part = services.store, query.turn, bool(query.names or query.areas)

    def build_lines() -> None:
        view.forget(keep=(BEAT, SECOND, FIGURES, LISTS))
        root_of_lines.clear()
        names = [store.line_called(name) for name in query.names]
        lines = [] if query.problem else matching_lines(store.lines, names, query.areas)
        figures.show(lines if is_part else (), query.areas)
        missing.show(missing_lines_text(store, names, query.areas) if lines else '')
        with root_of_lines:
            root_of_lines.style['--lines'] = str(1 if turn else max(1, len(lines)))
            for number, line in enumerate(lines):
                slide = Slide(number, len(lines), turn)
                view.add(slide)
                slide.fit(len(line.machines))
                with slide:
                    line_card(line, store, view, lambda _: None, names_area=True)
                    if turn and len(lines) > 1:
                        slide.classes('slide-numbered')
                        ui.label(f'{number + 1} of {len(lines)}').classes('slide-number')
            if not lines:
                with ui.card().classes('line empty'):
                    ui.label(query.problem or missing_lines_text(store, names, query.areas)).classes('empty-title')

    view = LiveView(ui.context.client, build_lines)
    PageTitle(store, 'Wall screen')
    add_page_assets(store, view)
    page = next(element for element in ui.context.client.content.ancestors() if element.tag == 'q-page')
    page.props['role'] = 'none'  # Quasar makes it a <main> too
    with ui.element('div').classes('frame wall') as root:
        show_theme(query.theme, root, 'wall-body')
        view.add(DemoRibbon(services))
        with ui.element('q-toolbar').classes('wall-bar').props('role=banner'):
            figures = PlantFigures(store, view)
            view.add(ConnectionBadge(store, view))
            view.add(PlantClock(store, with_city=False))
        with ui.element('q-card').classes('banner-area'):
            view.add(ConnectionBanner(store))
            view.add(HistoryNote(store))
            view.add(StaleOverlay(view))
            missing = Alert().classes('wall-missing')
        with ui.element('main').classes('wall-main'):
            root_of_lines = ui.element('div').classes('wall-lines')
            with ui.element('aside').classes('wall-side'):
                attention_list(store, view, lambda *_: None, is_of_more=is_part)
        page_foot()
    build_lines()
    services.broadcast.join(view)


def matching_lines(lines: Sequence[Line], names: Sequence[str], areas: Sequence[str] = ()) -> list[Line]:
    """The lines with these names and those of these areas, in the order of the floor; all without both. Names without
    an exact match are compared case-insensitively."""
    is_wanted, is_of_area = among(names, [line.name for line in lines]), among(areas, areas_of(lines))
    return [line for line in lines
            if not (names or areas) or is_wanted(line.name) or (line.area is not None and is_of_area(line.area))]


def among(names: Sequence[str], known: Sequence[str]) -> Callable[[str], bool]:
    """Says whether a known name is one of these."""
    wanted = {name for name in names if name in known}
    folded = {name.casefold() for name in names if name not in known}
    return lambda name: name in wanted or name.casefold() in folded


def missing_lines_text(store: Store, names: Sequence[str], areas: Sequence[str] = ()) -> str:
    """Which of these lines and areas do not exist, and which do."""
    if not store.lines:
        return 'There are no machines on the floor yet. They appear here automatically.'
    known = [line.name for line in store.lines]
    return ' '.join(unknown_name_message(kind, name, of_kind)
                    for kind, asked, of_kind in (('line', names, known), ('area', areas, areas_of(store.lines)))
                    for name in asked if not any(is_same_name(name, each) for each in of_kind))


class Slide(LiveElement):
    """One of the lines, which are shown in turn. All wall screens change at the same time."""

    def __init__(self, number: int, count: int, turn: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """number: index of the line, from 0 to count - 1. turn: seconds per line; 0: always shown."""
        super().__init__('div', TURNS)
        self._number, self._count, self._turn, self._monotonic = number, count, turn, monotonic
        # in the class, because pages with other turns must have another layout (live_view.py)
        self.classes(f'slide turn-{turn:g}-of-{count}')

    def fit(self, machines: int) -> None:
        """Arrange this number of machines: in a grid if the line is shown alone, otherwise in one row."""
        columns = max(1, math.ceil(math.sqrt(machines)) if self._turn or self._count == 1 else machines)
        self.style['--columns'] = str(columns)
        self.style['--rows'] = str(max(1, math.ceil(machines / columns)))

    def content(self) -> Content:
        on_turn = not self._turn or int(self._monotonic() / self._turn) % self._count == self._number
        return {'data-shown': str(on_turn).lower()}, None
