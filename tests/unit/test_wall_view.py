"""The address of a wall screen has the options that were chosen, whatever the lines are called."""

from __future__ import annotations

from starlette.datastructures import QueryParams

from floor.web.floor_view.wall_screen import WallQuery
from floor.web.setup.access.walls import shown_by, wall_view
from floor.web.shell.theme import Theme


def test_the_wall_screen_reads_what_was_chosen() -> None:
    lines = ['Engine Line', 'A&line=B', '梱包 +1', 'a\r\nX: y']
    view = wall_view(lines, 20, 'andon')
    assert view.isascii()
    assert view.isprintable()
    assert WallQuery.from_query(QueryParams(view)) == WallQuery(lines, 20.0, Theme.ANDON, areas=[])
    assert WallQuery.from_query(QueryParams(wall_view([], 0, 'dark'))) == WallQuery([], areas=[])
    of_areas = wall_view([], 0, 'dark', ['Halle Süd & Nord'])
    assert WallQuery.from_query(QueryParams(of_areas)) == WallQuery([], areas=['Halle Süd & Nord'])
    assert (shown_by(of_areas), shown_by('kiosk=1')) == ('area Halle Süd & Nord', 'all lines')
