"""The history of a work order: its events as sentences, newest first."""

from __future__ import annotations

from datetime import datetime, tzinfo

from nicegui import ui

from ...core.orders import WorkOrderDetails, WorkOrderEvent, WorkOrderStatus
from ..shell.messages import TextNode
from ..shell.order_formatting import HOLD_LABELS, in_ms
from ..shell.times import date_and_time

SHOWN_AT_FIRST = 100
MAX_OLDER_NOTES = 500
"""Older events with a text are shown too, so that a printed order is complete."""

CHECKLIST_VERBS = {'added': 'added the step', 'removed': 'removed the step', 'done': 'completed the step',
                   'not done': 'reopened the step', 'changed': 'changed the step'}


class OrderHistory:
    """The list of events, in the time zone of the plant."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._all = False
        self._details: WorkOrderDetails | None = None
        self._list = ui.element('ol').classes('history')
        self._print_note = TextNode('p').classes('on-paper')
        self._more = ui.button('', on_click=self._show_all, color=None).props('flat no-caps')

    def show(self, details: WorkOrderDetails) -> None:
        """Update to the current events."""
        if self._details is None or self._details.events != details.events:
            self._details = details
            self._build(details.events[::-1])

    def _build(self, events: tuple[WorkOrderEvent, ...]) -> None:
        shown = events if self._all else (
            *events[:SHOWN_AT_FIRST], *[event for event in events[SHOWN_AT_FIRST:] if note_of(event)][:MAX_OLDER_NOTES])
        self._list.clear()
        with self._list:
            for event in shown:
                self._row(event)
        self._more.set_text(f'Show all {len(events)}')
        self._more.visible = len(shown) < len(events)
        left_out = len(events) - len(shown)
        self._print_note.set_text(f'{left_out} older entries are not printed: choose “Show all” before you print.'
                                  if left_out else '')

    def _show_all(self) -> None:
        self._all = True
        if self._details is not None:
            self._build(self._details.events[::-1])

    def _row(self, event: WorkOrderEvent) -> None:
        with ui.element('li') as row:
            row.props['data-kind'] = event.kind
            TextNode('time', date_and_time(in_ms(event.at), self._zone)).classes('quiet')
            TextNode('span', sentence(event, self._zone)).classes('free-text')
            if note := note_of(event):
                TextNode('p', note).classes('free-text note-text')
            if event.kind == 'changed' and event.field == 'description':
                with ui.element('details'):
                    TextNode('summary', 'Previous text')
                    TextNode('p', event.old or '').classes('free-text note-text')


def sentence(event: WorkOrderEvent, zone: tzinfo) -> str:
    """'Lisa Garcia put it on hold: parts', 'Mike Johnson changed the priority from medium to high'."""
    match event.kind:
        case 'recovered':
            return f'The machine has been running again since {_time(event.new, zone)}'
        case 'status_changed':
            predicate = _status_change(event)
        case 'changed':
            predicate = _field_change(event, zone)
        case 'checklist':
            predicate = f'{CHECKLIST_VERBS.get(event.field or "", "changed the step")} “{event.new or event.old}”'
        case 'attached':
            predicate = f'attached {event.new}'
        case kind:
            predicate = {'created': 'reported it', 'commented': 'commented:'}.get(kind, kind)
    return f'{event.who} {predicate}'


def note_of(event: WorkOrderEvent) -> str:
    """The texts that a person entered with an event, one per line."""
    return '\n'.join(text for text in (
        event.cause and f'Cause: {event.cause}', event.action_taken and f'Action: {event.action_taken}',
        event.cancel_reason, event.note) if text)


def _status_change(event: WorkOrderEvent) -> str:
    match event.new:
        case WorkOrderStatus.IN_PROGRESS:
            return 'resumed it' if event.old == WorkOrderStatus.ON_HOLD else 'started it'
        case WorkOrderStatus.ON_HOLD:
            return f'put it on hold: {HOLD_LABELS[event.hold_reason]}' if event.hold_reason else 'put it on hold'
        case WorkOrderStatus.COMPLETED:
            return 'completed it'
        case WorkOrderStatus.CANCELLED:
            return 'cancelled it'
    is_ended = event.old in {WorkOrderStatus.COMPLETED, WorkOrderStatus.CANCELLED}
    return 'reopened it' if is_ended else 'gave it back'


def _field_change(event: WorkOrderEvent, zone: tzinfo) -> str:
    if event.field == 'assignee':
        if event.new is None:
            return f'unassigned {event.old}'
        return 'took it' if event.new == event.who else f'assigned it to {event.new}'
    if event.field == 'description':
        return 'changed the description'
    if event.field == 'due':
        return f'moved the due time from {_time(event.old, zone)} to {_time(event.new, zone)}'
    return f'changed the {event.field} from {event.old or "nothing"} to {event.new or "nothing"}'


def _time(text: str | None, zone: tzinfo) -> str:
    """A time as PostgreSQL writes it, in the time zone of the plant."""
    try:
        return date_and_time(in_ms(datetime.fromisoformat(text or '')), zone)
    except ValueError:
        return text or 'unknown'
