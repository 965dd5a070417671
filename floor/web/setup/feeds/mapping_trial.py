"""What the gateway makes of a value by one of its presets: the same code as in the plant's network."""

from __future__ import annotations

from nicegui import ui

from ....core.machines import Status
from ....gateway.mapping import Mapping, NoMeaning
from ....gateway.presets import MEANINGS, PRESETS, StatusMeaning
from ...shell.heading import Heading
from ...shell.messages import TextNode
from ...shell.text_field import TextField

NOTE = ('The gateway turns values of a PLC into a status. Own tables and ranges are in gateway.yaml; '
        'python -m floor.gateway check says what they mean.')
LABELS = {'words': 'Words (running, down ...)', 'on_off': 'On and off', 'integers': 'Numbers 0 to 3',
          'packml': 'PackML state', 'umh': 'United Manufacturing Hub state'}
MAX_LENGTH = 80


class MappingTrial(ui.element):
    """A preset, a value, and its meaning."""

    def __init__(self) -> None:
        super().__init__('section')
        self.props['aria-label'] = 'Try a value'
        with self:
            Heading('Try a value', level=3).classes('panel-title')
            TextNode('p', NOTE).classes('panel-note')
            with ui.element('div').classes('add-form'):
                self._preset = ui.select({name: LABELS.get(name, name) for name in PRESETS}, value=next(iter(PRESETS)),
                                         label='Preset', on_change=self._show) \
                    .props('dense outlined options-dense').classes('field')
                self._value = TextField('Value', on_change=self._show) \
                    .props(f'dense outlined maxlength={MAX_LENGTH} debounce=150').classes('field')
            self._about = TextNode('p', MEANINGS[self._preset.value]).classes('panel-note')
            self._meaning = TextNode('p').classes('feed-state free-text')
            self._meaning.props.update({'role': 'status', 'hidden': True})

    def _show(self) -> None:
        self._about.set_text(MEANINGS[self._preset.value])
        value = str(self._value.value or '').strip()
        status, text = meaning_of(self._preset.value, value) if value else (Status.UNKNOWN, '')
        self._meaning.set_text(text)
        self._meaning.props.update({'data-status': status.value, 'hidden': not text})


def meaning_of(preset: str, value: str) -> tuple[Status, str]:
    """The meaning of a value in words, with the status whose shape it has."""
    match Mapping.model_validate({'preset': preset}).meaning(value):
        case StatusMeaning(status, reason):
            return status, status.word + (f', {reason}' if reason else '')
        case NoMeaning(_, problem):
            return Status.UNKNOWN, f'Not reported: {problem}.'
    return Status.UNKNOWN, 'Not reported.'
