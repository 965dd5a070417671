"""The frame of every page: the bar with name, pages, connection and clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from ...core.people import Person, Role
from ...core.version import NAME, program_version
from ...feed.store import Store
from ..live.live_view import LiveView
from ..live.stale_overlay import StaleOverlay
from .alerts import order_alerts
from .assets import add_page_files
from .calendar_change import CalendarChange
from .connection_badge import ConnectionBadge, ConnectionBanner, PlantClock
from .demo_ribbon import DemoRibbon
from .history_note import HistoryNote
from .icons import IconRules
from .messages import TextNode
from .page_title import PageTitle
from .person_menu import person_menu
from .plant_name import PlantName
from .services import Services
from .session import add_session_frames
from .theme import theme_menu

SECTIONS = {'Floor': '/', 'Work orders': '/work-orders', 'Reports': '/reports', 'Employees': '/employees'}
SETUP, DIAGNOSIS = 'Setup', 'Diagnosis'
FOR_SUPERVISORS = {SETUP: '/setup', DIAGNOSIS: '/diagnosis'}


def page_foot() -> None:
    """Name and version of the program, at the end of the page."""
    TextNode('footer', f'{NAME} {program_version()}').classes('page-foot')


def add_page_assets(store: Store, view: LiveView) -> None:
    """Add stylesheets, the icons of machines and session frames to the page."""
    add_page_files()
    view.add(IconRules(store))
    add_session_frames()


FAULT = ('This did not work: there is a fault in the program, and the log has its cause. Reload the page to see what '
         'is stored.')


def show_faults() -> None:
    """Tell the person when the program fails at what they have asked for; NiceGUI only logs it."""
    ui.on_exception(lambda: ui.notify(FAULT, type='negative', multi_line=True, close_button='Close', timeout=0))


@contextmanager
def frame(title: str, services: Services, view: LiveView, person: Person, *, section: str | None = None,
          redraws: bool = False) -> Iterator[None]:
    """The bar and the banner; the block builds the page's main part.

    section: the entry of the bar that the page belongs to, if it differs from the title. redraws: whether the page
    shows other times itself when the plant's calendar changes; others are loaded again.
    """
    store = services.store
    PageTitle(store, title)
    add_page_assets(store, view)
    show_faults()
    page = next(element for element in ui.context.client.content.ancestors() if element.tag == 'q-page')
    page.props['role'] = 'none'  # Quasar makes it a <main> too, around the bar
    root = ui.element('div').classes('frame')
    with root:
        view.add(DemoRibbon(services, person.role))
        with ui.element('q-toolbar').classes('bar').props('role=banner'):
            view.add(PlantName(store))
            with ui.element('nav').props('aria-label="Pages"'):
                for name, address in (SECTIONS | (FOR_SUPERVISORS if person.role.may(Role.SUPERVISOR) else {})).items():
                    link = ui.link(name, address).classes('bar-link')
                    if name == (section or title):
                        link.props['aria-current'] = 'page'
            with ui.element('div').classes('bar-right'):
                view.add(ConnectionBadge(store, view))
                view.add(PlantClock(store, with_city=True))
                person_menu(person, services.visitor(), has_sign_in=services.has_sign_in)
                order_alerts(services.alerts, person, root)
                theme_menu(root)
        services.render_probe.add()
        with ui.element('q-card').classes('banner-area'):
            view.add(ConnectionBanner(store))
            view.add(HistoryNote(store))
            if not redraws:
                CalendarChange(services)
            view.add(StaleOverlay(view))
        with ui.element('main') as main:
            yield
        page_foot()
    ui.skip_link('Skip to content', target=main)
