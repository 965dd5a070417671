"""The freshness of the data: live with its age, connecting, or stale with the time since when."""

from __future__ import annotations

from ...core.formatting import duration
from ...feed.freshness import Freshness
from ...feed.store import Store
from ..live.live_element import SECOND, Content, LiveElement
from ..live.live_view import LiveView
from ..live.stale_overlay import StaleMark
from .times import time_of_day

CONNECTING = 'Connecting to the database. The floor appears automatically.'
CONNECTING_BECAUSE = 'Connecting to the database ({reason}). The floor appears automatically.'
STALE = 'No connection to the database. The floor is shown as of {time}. Retrying automatically.'
STALE_BECAUSE = 'No connection to the database ({reason}). The floor is shown as of {time}. Retrying automatically.'


class ConnectionBadge(LiveElement):
    """The only element with data-connection, by which CSS greys the floor."""

    def __init__(self, store: Store, view: LiveView) -> None:
        super().__init__('span', SECOND)
        self._store = store
        self.classes('badge')
        self.props['role'] = 'img'
        with self:
            view.add(StaleMark(view))

    def content(self) -> Content:
        connection = self._store.connection
        text = self._text_of(connection)
        return {'data-connection': connection.value, 'aria-label': f'Data: {text}',
                'title': 'Time since the data was last confirmed to be complete'}, text

    def _text_of(self, connection: Freshness) -> str:
        age = self._store.age
        if connection is Freshness.CONNECTING or age is None:
            return 'connecting'
        if connection is Freshness.LIVE:
            return f'live · {duration(int(age))}'
        return f'stale since {time_of_day(self._store.now_ms - int(age * 1000), self._store.plant.zone)}'


class PlantClock(LiveElement):
    """The plant's time, by the database's clock."""

    def __init__(self, store: Store, *, with_city: bool) -> None:
        super().__init__('time', SECOND)
        self._store = store
        self._with_city = with_city
        self.classes('clock')

    def content(self) -> Content:
        zone = self._store.plant.zone
        city = str(zone).rsplit('/', 1)[-1].replace('_', ' ') if self._with_city else ''
        return {}, f'{time_of_day(self._store.now_ms, zone)} {city}'


class ConnectionBanner(LiveElement):
    """A message across the page if the data is not live, or if the feed has a problem."""

    def __init__(self, store: Store) -> None:
        super().__init__('div', SECOND)
        self._store = store
        self.classes('banner')
        self.props['role'] = 'alert'

    def content(self) -> Content:
        text = self._text_of(self._store.connection)
        return {'hidden': not text, 'data-kind': self._store.connection.value}, text

    def _text_of(self, connection: Freshness) -> str:
        reason = self._store.connection_error
        if connection is Freshness.LIVE:
            return self._store.feed_warning or ''
        if connection is Freshness.CONNECTING:
            return CONNECTING_BECAUSE.format(reason=reason) if reason else CONNECTING
        time = time_of_day(self._store.now_ms - int((self._store.age or 0) * 1000), self._store.plant.zone)
        return STALE_BECAUSE.format(time=time, reason=reason) if reason else STALE.format(time=time)
