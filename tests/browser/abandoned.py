"""Requests that a browser gave up: because the page or frame that asked was left, or although it stayed?"""

from __future__ import annotations

from collections import Counter

from playwright.async_api import BrowserContext, Error, Frame, Request, Response

ABORTED = 'net::ERR_ABORTED'
"""What Chromium says of a request that it gave up itself; a server or a network that fails is called otherwise."""


class AbandonedRequests:
    """Follows the frames of browser profiles, and which document of its frame each request belongs to."""

    def __init__(self) -> None:
        self._document: Counter[Frame] = Counter()
        self._shown: Counter[Frame] = Counter()
        self._asked_by: dict[Request, list[int]] = {}
        self._unexplained: list[tuple[Frame, str]] = []
        self._all_are_left = False

    def follow(self, context: BrowserContext) -> None:
        """All pages that are opened in this profile from now on."""
        context.on('request', self._on_request)
        context.on('response', self._on_response)

    def leave_alone(self, context: BrowserContext) -> None:
        """What happens in this profile from now on is of somebody else."""
        context.remove_listener('request', self._on_request)
        context.remove_listener('response', self._on_response)

    def explains(self, request: Request) -> bool:
        """Whether this failed request was given up, and not by a server or the network. Should its frame prove to have
        stayed, it is among the unexplained.
        """
        frame = frame_of(request)
        if request.failure != ABORTED or frame is None:
            return False
        if not self._all_are_left and self._documents_of(frame, self._document) == self._asked_by.get(request):
            self._unexplained.append((frame, request.url))  # a frame that is being closed does not say so yet
        return True

    def leave(self) -> list[str]:
        """Every page is left from now on. Returns the addresses of those given up although their frame stayed."""
        self._all_are_left = True
        return [url for frame, url in self._unexplained if not (frame.is_detached() or frame.page.is_closed())]

    def _on_request(self, request: Request) -> None:
        frame = frame_of(request)
        if frame is None:
            return
        if request.is_navigation_request():
            self._document[frame] += 1
        self._asked_by[request] = self._documents_of(frame, self._shown)

    def _on_response(self, response: Response) -> None:
        if response.request.is_navigation_request() and (frame := frame_of(response.request)) is not None:
            self._shown[frame] = self._document[frame]

    def _documents_of(self, frame: Frame | None, counted: Counter[Frame]) -> list[int]:
        """Which document this frame shows or, counted so, asks for, and those that it is in."""
        return [] if frame is None else [counted[frame], *self._documents_of(frame.parent_frame, counted)]


def frame_of(request: Request) -> Frame | None:
    """The frame that asks; None: a worker asks, or a page that is just being opened."""
    try:
        return request.frame
    except Error:
        return None
