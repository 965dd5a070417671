"""Validates the frames that browsers send over the socket of a page: only those of NiceGUI's own script are accepted.

Engine.io, socket.io and NiceGUI do not validate messages: a list instead of a text raises an exception, with a
traceback in the log for each. Invalid frames are therefore dropped here, with one log line, and a client that continues
to send them is disconnected. An event for an element that has changed is valid, but outdated: it is dropped without a
log line.

A frame is a WebSocket message or, together with others, a part of the body of a POST: the type of engine.io (4: a
message), the type of socket.io (2: an event), and a JSON array of the event's name and one object.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from nicegui import json  # the parser that NiceGUI uses for these messages
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.rate_limit import TokenBucket
from ..api.problems import POLICY_VIOLATION, refusal
from ..live.nicegui_bridge import SOCKET_PATH, open_sessions, page_of
from .element_values import OUTDATED, fault_of_value

log = logging.getLogger(__name__)

MAX_WRONG = 3
"""Invalid frames of one socket that are dropped; one more closes it."""
LINES_AT_ONCE, LINES_PER_S = 20, 1 / 60
LOGGED_AT_ONCE, LOGGED_PER_S = 20, 1 / 3
"""Lines that a browser may write to the log of the program."""
MAX_TEXT_LENGTH = 1_000
SEPARATOR = '\x1e'
CLOSE = b'1'
NORMAL_CLOSURE = 1000
TRANSPORTS = {'polling', 'websocket'}
PLAIN = {'1', '2', '2probe', '3', '3probe', '5', '6', '40', '41'}
"""Frames without content: close, ping, pong, upgrade, noop, connect, disconnect."""
EVENT = re.compile(r'42([0-9]{0,9})(?=\[)')
NUMBER = re.compile(r'[0-9]{1,15}')
LEVELS = {'debug', 'info', 'warning', 'error'}

Fields = Mapping[str, Any]


class SocketFrames:
    """Passes on valid frames."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lines = TokenBucket(LINES_PER_S, LINES_AT_ONCE)
        self._suppressed = 0
        self._wrong_posts: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] not in {'http', 'websocket'} or SOCKET_PATH not in scope['path']:
            await self._app(scope, receive, send)
        elif (fault := fault_of_query(scope['query_string'])) is not None:
            self._log(scope, fault, 'it was refused')
            await refusal(400, fault)(scope, receive, send)
        elif (sid := _session_of(scope)) is not None and sid not in open_sessions():
            # browsers send this after a restart of the program, so it is not logged
            await refusal(400, 'this session has ended: open a new one')(scope, receive, send)
        elif scope['type'] == 'websocket':
            await self._app(scope, self._checked(scope, receive, send), send)
        elif scope['method'] == 'POST':
            await self._posted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _checked(self, scope: Scope, receive: Receive, send: Send) -> Receive:
        wrong, is_connected, has_left, logged = 0, False, False, TokenBucket(LOGGED_PER_S, LOGGED_AT_ONCE)

        async def receive_checked() -> Message:
            nonlocal wrong, is_connected, has_left
            while True:
                message = await receive()
                if message['type'] != 'websocket.receive':
                    return message
                if has_left:  # engine.io would treat further frames as those of an open session
                    return {'type': 'websocket.disconnect', 'code': NORMAL_CLOSURE, 'reason': ''}
                text = message.get('text') or ''
                has_left = text == CLOSE.decode()
                fault = fault_of_frame(text)
                if text == '40':
                    fault, is_connected = 'a second connect' if is_connected else None, True
                elif fault is None and text.startswith('42["log"') and logged.try_take():
                    fault = 'too many lines for the log'
                if fault is None:
                    return message
                if fault is OUTDATED:
                    continue
                wrong += 1
                if wrong > MAX_WRONG:
                    self._log(scope, fault, 'the socket was closed')
                    await send({'type': 'websocket.close', 'code': POLICY_VIOLATION, 'reason': 'invalid frames'})
                    return {'type': 'websocket.disconnect', 'code': POLICY_VIOLATION, 'reason': 'invalid frames'}
                if wrong <= 1:
                    self._log(scope, fault, 'it was dropped')
        return receive_checked

    async def _posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b'', True
        while more:
            message = await receive()
            if message['type'] != 'http.request':
                return  # the client has disconnected, or the body is too long
            body, more = body + message.get('body', b''), message.get('more_body', False)
        try:
            texts = body.decode().split(SEPARATOR)
            frames = [(frame, fault_of_frame(frame)) for frame in texts]
            if CLOSE.decode() in texts[:-1]:
                frames = [('', 'frames after a close')]
        except UnicodeDecodeError:
            frames = [('', 'binary data')]
        fault = next((fault for _, fault in frames if fault not in {None, OUTDATED}), None)
        if fault is not None:
            await self._refuse_post(scope, receive, send, fault)
            return
        if all(fault is OUTDATED for _, fault in frames):
            await PlainTextResponse('OK')(scope, receive, send)  # as engine.io answers
            return
        if any(fault is OUTDATED for _, fault in frames):
            body = SEPARATOR.join(frame for frame, fault in frames if fault is None).encode()
        await self._pass_on(scope, body, receive, send)

    async def _pass_on(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope['headers'] if name.lower() != b'content-length']
        messages: list[Message] = [{'type': 'http.request', 'body': body, 'more_body': False}]

        async def receive_again() -> Message:
            return messages.pop() if messages else await receive()
        length = str(len(body)).encode()
        await self._app({**scope, 'headers': [*headers, (b'content-length', length)]}, receive_again, send)

    async def _refuse_post(self, scope: Scope, receive: Receive, send: Send, fault: str) -> None:
        sid = _session_of(scope) or ''
        sockets = open_sessions()
        self._wrong_posts = {sid: wrong for sid, wrong in self._wrong_posts.items() if sid in sockets}
        if sid in sockets:
            self._wrong_posts[sid] = self._wrong_posts.get(sid, 0) + 1
        if self._wrong_posts.get(sid, 0) > MAX_WRONG:
            self._log(scope, fault, 'the socket was closed')
            await self._pass_on(scope, CLOSE, receive, _discard)
        else:
            self._log(scope, fault, 'it was refused')
        await refusal(400, fault)(scope, receive, send)

    def _log(self, scope: Scope, fault: str, consequence: str) -> None:
        """Write a line to the log, at a limited rate."""
        if self._lines.try_take():
            self._suppressed += 1
            return
        host = (scope.get('client') or ('an unknown address',))[0]
        more = f'; {self._suppressed} more were not logged' if self._suppressed else ''
        self._suppressed = 0
        log.warning('invalid frame over a socket from %s (%s): %s%s', host, fault, consequence, more)


async def _discard(message: Message) -> None:
    """Discards a response that nobody gets."""


def _session_of(scope: Scope) -> str | None:
    """The engine.io session of a request; None: it opens a new one."""
    given = parse_qs(scope['query_string'].decode('latin-1'), keep_blank_values=True).get('sid')
    return given[-1] if given else None


def fault_of_query(query: bytes) -> str | None:
    """The error in the query of a socket's address; None: it is valid."""
    given = parse_qs(query.decode('latin-1'), keep_blank_values=True)
    if given.get('EIO') != ['4'] or given.get('transport', ['polling']) not in [[name] for name in TRANSPORTS] \
            or 'j' in given:
        return 'another version of the protocol'
    fields = {name: values[-1] for name, values in given.items()}
    if fields.get('implicit_handshake') != 'true':
        return None
    return _fault_of_handshake(fields)


def fault_of_frame(frame: str) -> str | None:
    """The error in a frame, without its content; None: it is valid."""
    if frame in PLAIN:
        return None
    if not (head := EVENT.match(frame)):
        return 'an unknown type of packet'
    try:
        event = json.loads(frame[head.end():])
    except ValueError:
        return 'an event that is not JSON'
    match event:
        case [str(name), dict(fields)] if name in FORMS:
            return FORMS[name](fields)
    return 'an unknown event'


def _fault_of_handshake(fields: Fields) -> str | None:
    texts = all(_is_text(fields.get(name)) for name in ('client_id', 'tab_id', 'document_id'))
    old, number = fields.get('old_tab_id'), fields.get('next_message_id')
    is_number = number is None or _is_int(number) or (
        isinstance(number, str) and NUMBER.fullmatch(number) is not None)
    return None if texts and (old is None or _is_text(old)) and is_number else 'a handshake of another form'


def _fault_of_event(fields: Fields) -> str | None:
    args, listener = fields.get('args', []), fields.get('listener_id')
    if not (_is_text(fields.get('client_id')) and _is_int(fields.get('id')) and _is_text(listener)
            and isinstance(args, list) and all(arg is None or isinstance(arg, str) for arg in args)):
        return 'an event of another form'
    if not all(arg is None or _is_value(arg) for arg in args):
        return 'an event with arguments that are not JSON'
    client = page_of(fields['client_id'])
    element = None if client is None else client.elements.get(fields['id'])
    return None if element is None else fault_of_value(element, fields['listener_id'], args)


def _fault_of_response(fields: Fields) -> str | None:
    return None if _is_text(fields.get('client_id')) and _is_text(fields.get('request_id')) else 'a response of ' \
        'another form'


def _fault_of_ack(fields: Fields) -> str | None:
    return None if _is_text(fields.get('client_id')) and _is_int(fields.get('next_message_id')) else 'an ' \
        'acknowledgement of another form'


def _fault_of_log(fields: Fields) -> str | None:
    message = fields.get('message')
    return None if _is_text(fields.get('client_id')) and isinstance(message, str) and len(message) <= MAX_TEXT_LENGTH \
        and fields.get('level') in LEVELS else 'a line for the log of another form'


FORMS: dict[str, Callable[[Fields], str | None]] = {
    'handshake': _fault_of_handshake, 'event': _fault_of_event, 'javascript_response': _fault_of_response,
    'ack': _fault_of_ack, 'log': _fault_of_log}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2 ** 53


def _is_value(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
