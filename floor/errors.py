"""Every error of ours, drawn as a tree.

FloorError
├── SettingsError          an environment variable or .env line has a wrong value
├── DatabaseError
│   ├── DatabaseUnavailable    nobody answers at the database's address
│   ├── MigrationError         the schema can't be brought up to date
│   └── FeedNotDelivered       a notification we sent to ourselves did not come back in time
├── EmbeddedDatabaseError  the private PostgreSQL can't be started
├── NotificationError      a payload on our channel that isn't of our protocol
└── NotFound               a machine or person that isn't in the database

Each message says what happened and, where a person can mend it, what to do.
"""


class FloorError(Exception):
    """Root of everything that this program raises on purpose."""


class SettingsError(FloorError):
    """An environment variable has a value that can't be used; the message names it and what is allowed."""


class DatabaseError(FloorError):
    """Something between us and PostgreSQL."""


class DatabaseUnavailable(DatabaseError):
    """Nobody answers at the database's address, or not in time."""


class MigrationError(DatabaseError):
    """The schema can't be brought up to date."""


class FeedNotDelivered(DatabaseError):
    """A notification that we sent to ourselves did not come back in time: the feed can't be trusted."""


class EmbeddedDatabaseError(FloorError):
    """The private PostgreSQL under the data folder can't be started."""


class NotificationError(FloorError):
    """A notification on our channel that isn't of our protocol."""


class NotFound(FloorError):
    """What was asked for isn't in the database."""
