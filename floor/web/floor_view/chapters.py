"""The areas of the floor as chapters, with a list to jump to each. A plant without areas has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from nicegui import ui

from ...feed.machine import Line
from ..shell.heading import Heading

OTHER_LINES = 'Other lines'


@dataclass(frozen=True, slots=True)
class Chapter:
    """Lines of one area. name: that of the area; empty where the plant has none."""

    name: str
    lines: list[Line]


def chapters_of(lines: Iterable[Line]) -> list[Chapter]:
    """Lines in their order by area, those without one last; one chapter without a name if there are no areas."""
    chapters = [Chapter(area or OTHER_LINES, list(together))
                for area, together in groupby(lines, lambda line: line.area)]
    has_areas = any(line.area for chapter in chapters for line in chapter.lines)
    return chapters if has_areas else [Chapter('', each.lines) for each in chapters]


def jump_list(chapters: list[Chapter]) -> None:
    """Links to the chapters, where there are several."""
    if len(chapters) < 2:  # noqa: PLR2004 (nowhere to jump to)
        return
    with ui.element('nav').classes('chapter-links').props('aria-label=Areas'):
        for number, chapter in enumerate(chapters, 1):
            with ui.element('a').classes('chip') as link:
                link.props['href'] = f'#area-{number}'
                ui.label(chapter.name)


def chapter_heading(chapter: Chapter, number: int, *, is_only: bool) -> None:
    """The heading of a chapter. number: from 1. is_only: there is no other; else a link shows it alone."""
    if not chapter.name:
        return
    with ui.element('div').classes('chapter-head'):
        heading = Heading(chapter.name).classes('chapter-name')
        heading.props.update({'id': f'area-{number}', 'title': chapter.name})
        if chapter.lines[0].area and not is_only:
            link = ui.link('Only this area', f'/?{urlencode({"area": chapter.lines[0].area})}').classes('chapter-only')
            link.props['aria-label'] = f'Show only {chapter.name}'
