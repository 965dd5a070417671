"""What the gateway makes of a value, by a preset or a mapping that is typed: the code is the gateway's own."""

from __future__ import annotations

import asyncio

from nicegui import ui

from ....core.formatting import number
from ....core.machines import Status
from ....gateway.errors import GatewayConfigError
from ....gateway.mapping import CounterMeaning, Mapping, NoMeaning, ReasonMeaning
from ....gateway.mapping_words import THINGS, mapping_lines
from ....gateway.presets import PRESETS, StatusMeaning
from ...shell.chips import hide
from ...shell.heading import Heading
from ...shell.messages import TextNode
from ...shell.text_field import TextArea, TextField
from .feed_texts import status_word

NOTE = 'The gateway turns values of a PLC into a status. Try a preset, or a mapping as in gateway.yaml.'
OWN = 'own'
LABELS = {'words': 'Words (running, down ...)', 'on_off': 'On and off', 'integers': 'Numbers 0 to 3',
          'packml': 'PackML state', 'umh': 'United Manufacturing Hub state', OWN: 'Own mapping'}
EXAMPLE = """values:
  1: operational
  2: {status: down, reason: E-047}
ranges:
  - {from: 100, below: 200, status: warning, reason: Slow}
otherwise: unknown"""
MAX_LENGTH = 80
MAX_MAPPING = 5_000
"""Characters: it is parsed after every pause in typing, for up to 0.4 s."""
MAX_ALIASES = 50
"""The time to merge mappings grows with the square of their number."""
MAX_LINES = 12


class MappingTrial(ui.element):
    """A preset or a mapping, a value, and its meaning."""

    def __init__(self) -> None:
        super().__init__('section')
        self._parsing = asyncio.Lock()
        """One page takes one thread."""
        self.props['aria-label'] = 'Try a value'
        with self:
            Heading('Try a value', level=3).classes('panel-title')
            TextNode('p', NOTE).classes('panel-note')
            with ui.element('div').classes('add-form'):
                self._preset = ui.select({name: LABELS.get(name, name) for name in (*PRESETS, OWN)},
                                         value=next(iter(PRESETS)), label='Mapping', on_change=self._try) \
                    .props('dense outlined options-dense').classes('field')
                self._value = TextField('Value', on_change=self._try) \
                    .props(f'dense outlined maxlength={MAX_LENGTH} debounce=150').classes('field')
            self._mapping = TextArea('Mapping as in gateway.yaml', value=EXAMPLE, on_change=self._try) \
                .props(f'outlined rows=7 maxlength={MAX_MAPPING} spellcheck=false debounce=400 '
                       'input-class=feed-json').classes('field feed-mapping')
            self._meaning = TextNode('p').classes('feed-state free-text')
            self._meaning.props.update({'role': 'status'})
            self._problem = TextNode('p').classes('problem')
            self._problem.props['role'] = 'status'
            self._about = TextNode('p').classes('panel-note feed-lines free-text')
        self._show(preset_mapping(str(self._preset.value)))
        self._mapping.set_visibility(False)

    async def _try(self) -> None:
        is_own = self._preset.value == OWN
        self._mapping.set_visibility(is_own)
        try:
            if not is_own:
                self._show(preset_mapping(str(self._preset.value)))
                return
            async with self._parsing:
                text = self._mapping.value
                mapping = await asyncio.to_thread(own_mapping, str(text or ''))
        except GatewayConfigError as error:
            if self._is_current(text):
                self._say(problem=str(error))
            return
        if self._is_current(text):
            self._show(mapping)

    def _is_current(self, text: str | None) -> bool:
        """Whether this mapping is still the one to try; otherwise another call of _try shows the one that is."""
        return not self.is_deleted and self._preset.value == OWN and self._mapping.value == text

    def _show(self, mapping: Mapping) -> None:
        value = str(self._value.value or '').strip()
        lines = list(mapping_lines(mapping))
        more = [f'… and {len(lines) - MAX_LINES} more'] if len(lines) > MAX_LINES else []
        self._say('\n'.join(lines[:MAX_LINES] + more), *meaning_of(mapping, value) if value else ())

    def _say(self, about: str = '', status: Status = Status.UNKNOWN, meaning: str = '', *, problem: str = '') -> None:
        self._meaning.props['data-status'] = status.value
        for node, text in (self._about, about), (self._meaning, meaning), (self._problem, problem):
            node.set_text(text)
            hide(node, hidden=not text)


def preset_mapping(name: str) -> Mapping:
    """The mapping of a preset alone."""
    return Mapping.model_validate({'preset': name})


def own_mapping(text: str) -> Mapping:
    """A mapping that was typed.

    :raises GatewayConfigError: a line for each thing that is wrong, with its line and column
    """
    if len(text) > MAX_MAPPING:
        raise GatewayConfigError(f'At most {number(MAX_MAPPING)} characters can be tried: leave some values out.')
    if text.count('*') > MAX_ALIASES:
        raise GatewayConfigError(f'At most {MAX_ALIASES} aliases (*) can be tried: write some out.')
    from ....gateway.config_file import parse_mapping  # noqa: PLC0415 (takes a moment, of each start)

    return parse_mapping(text)


def meaning_of(mapping: Mapping, value: str) -> tuple[Status, str]:
    """The meaning of a value in words, with the status whose shape it has."""
    match mapping.meaning(value):
        case StatusMeaning(status, reason):
            return status, status_word(status) + (f', {reason}' if reason else '')
        case ReasonMeaning(reason):
            return Status.OPERATIONAL, f'Reason: {reason}' if reason else 'No reason'
        case CounterMeaning(counter, total):
            is_total = mapping.counts == 'total'
            return Status.OPERATIONAL, (f'A total of {total:g} {THINGS[counter]}: what it grows by is reported'
                                        if is_total else f'{total:g} {THINGS[counter]} more')
        case NoMeaning(_, problem):
            return Status.UNKNOWN, f'Nothing is reported, because {problem}'
    return Status.UNKNOWN, 'Nothing is reported'
