"""GET /api/feeds: what reports to the floor, as /setup/feeds shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from ...core.feeds import FEED_PATH
from ...plant.feed_commands import FeedCommands
from ...plant.feed_items import Feed
from .callers import caller
from .fields import AT
from .floor_api import TIMEOUT_S, database_errors, no_store
from .known_parameters import known_parameters
from .problems import documented

PREFIX = f'{FEED_PATH}s'


class FeedAnswer(BaseModel):
    """A feed: a token that may report."""

    model_config = ConfigDict(title='Feed')

    id: Annotated[int, Field(description='Id of its token.', examples=[7])]
    name: Annotated[str, Field(description='Name of its token.', examples=['gateway-1'])]
    last_event_at: Annotated[datetime | None, Field(description='When its last event came; null: none ever did.',
                                                    examples=[AT])]
    silent_since: Annotated[datetime | None, Field(
        description='When its last event came, of a feed that has fallen silent; null: it has not.', examples=[AT])]
    silent_after_seconds: Annotated[float | None, Field(
        description='After how long without an event it counts as silent; null: never.', examples=[300.0])]
    events_per_minute: Annotated[int, Field(description='In the last 60 seconds.', examples=[61])]
    accepted: Annotated[int, Field(description='Events that were not refused, since its token was made.',
                                   examples=[4321])]
    refused_24_hours: Annotated[int, Field(description='Events that were refused in the last 24 hours.',
                                           examples=[3])]
    is_expired: Annotated[bool, Field(description='Whether its token has expired.', examples=[False])]

    @classmethod
    def of(cls, feed: Feed) -> FeedAnswer:
        """A feed in a response."""
        after = feed.silent_after
        return cls(id=feed.id, name=feed.name, last_event_at=feed.last_event_at, silent_since=feed.silent_since,
                   silent_after_seconds=None if after is None else after.total_seconds(),
                   events_per_minute=feed.rate, accepted=feed.accepted, refused_24_hours=feed.refused,
                   is_expired=feed.is_expired)


def register(app: FastAPI, *, feeds: FeedCommands, timeout: float = TIMEOUT_S) -> None:
    """Serve /api/feeds. Call it after floor_api.register, which adds the error handlers.

    timeout: seconds without a response of the database after which a request fails with 503.
    """
    router = APIRouter(prefix=PREFIX, tags=['feed'],
                       dependencies=[Depends(caller), Depends(known_parameters), Depends(no_store)],
                       responses=documented(401, 403, 422, 500, 503))

    @router.get('', summary='Feeds', operation_id='list_feeds')
    async def list_feeds() -> list[FeedAnswer]:
        """Every token that may report, with what it has sent. Revoked ones are left out."""
        async with database_errors(timeout):
            return [FeedAnswer.of(feed) for feed in await feeds.feeds()]

    app.include_router(router)
