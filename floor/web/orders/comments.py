"""The field for a comment on a work order."""

from __future__ import annotations

from nicegui import ui

from ...core.errors import FloorError
from ...core.people import Identity, Person, Role
from ...core.text import is_visible
from ..shell.drafts import Drafts
from ..shell.kept_text import KeptText
from ..shell.messages import Alert, as_sentence, no_connection_note, set_reason
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from ..shell.text_field import TextArea


class CommentsPanel:
    """The field keeps its text as a draft until it is sent. A repeated attempt adds the comment once."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str) -> None:
        self._orders = services.orders
        self._identity = identity
        self._order_id = order_id
        self._drafts = Drafts(identity)
        self._sending = False
        with ui.element('div').classes('comment-form'):
            self._kept = KeptText(self._drafts, f'comment {order_id}')
            self._text = TextArea('Comment', on_change=self._kept.typed) \
                .classes('field').props('outlined autogrow maxlength=10000')
            no_connection_note()
            self._problem = Alert()
            self._button = ui.button('Add comment', on_click=self._send, color=None).props('no-caps')
        for keys in 'keydown.ctrl.enter', 'keydown.meta.enter':
            self._text.on(keys, self._send, args=[])
        set_reason(self._button, role_needed(Role.OPERATOR, person.role))
        self._kept.fill(self._text)

    async def _send(self) -> None:
        text = (self._text.value or '').strip()
        if self._sending or not self._button.enabled:
            return
        if not is_visible(text):
            self._text.error = 'Enter a comment.'
            return
        self._sending = True
        self._button.props['loading'] = True
        reference = self._drafts.reference_for(self._kept.place, text)
        try:
            await self._orders.comment(self._identity, self._order_id, text, reference)
        except FloorError as error:
            if not self._text.is_deleted:
                self._problem.show(f'{as_sentence(error)} What you typed is kept.')
        else:
            self._saved(text)
        finally:
            self._sending = False
            if not self._button.is_deleted:
                self._button.props['loading'] = False

    def _saved(self, text: str) -> None:
        if (typed_since := self._text.value or '').strip() != text:  # the rest belongs to another comment
            self._drafts.discard(self._kept.place)
            self._drafts.keep_text(self._kept.place, typed_since.removeprefix(text))
            self._text.value = typed_since.removeprefix(text).lstrip()
            return
        self._drafts.discard(self._kept.place)
        if not self._text.is_deleted:
            self._text.value = ''
            self._text.error = None
            self._problem.show('')
