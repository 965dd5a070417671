"""The errors of this program, as a tree.

FloorError
├── SettingsError                 an environment variable or .env line has a wrong value
├── DatabaseError
│   ├── DatabaseUnavailableError  the database does not answer
│   │   ├── DatabaseMisconfiguredErrorthe database or its settings are wrong; retrying does not help
│   │   └── HistoryNotReadyError  the history of a new floor is being created
│   ├── DatabaseReadOnlyError     the database answers, but is read-only
│   ├── MigrationError            the schema cannot be migrated
│   │   └── SchemaVersionError    another version of this program wrote the schema
│   └── FeedNotDeliveredError     a heartbeat notification did not come back in time
├── ProgramFaultError             a bug in this program, as a page reports it
├── NotADemoError                 the floor is a plant, so it cannot be simulated or removed
├── EmbeddedDatabaseError         the embedded PostgreSQL cannot be started
├── BackupError                   a backup cannot be made or restored
├── NotificationError             a notification that does not follow the protocol
├── NotFoundError                 a machine, person or work order that does not exist
├── OrderAlreadyOpenError         the machine's present stop has a work order already
├── ReferenceReusedError          a client reference was sent again with a different request
├── NotAllowedError               the person's role does not allow this
│   └── SignedOutError            nobody is signed in, or no longer
│       └── UnknownKeyError       a token, link or pairing that never existed
├── SignInError                   a sign-in cannot be completed
│   └── ProviderUnavailableError  the provider where people sign in does not answer
├── TooManyChangesError           the rate limit of changes is reached
├── TooManyDownloadsError         the limit of downloads per person is reached
├── UploadsBusyError              the limit of simultaneous uploads is reached
│   └── TooManyUploadsError       the limit of uploads per person is reached
├── UploadTooSlowError            a file did not arrive in time
├── InvalidInputError             a field of a command is not valid
│   └── QueryError                query parameters are not valid
└── EditConflictError             the work order or person has changed in the meantime

Each message says what happened and, where possible, what to do.
"""

from collections.abc import Mapping


class FloorError(Exception):
    """Root of all errors that this program raises."""


class SettingsError(FloorError):
    """An environment variable has a wrong value; the message names it and what is allowed."""


class DatabaseError(FloorError):
    """A problem with PostgreSQL."""


class DatabaseUnavailableError(DatabaseError):
    """The database does not answer, or not in time."""


class DatabaseMisconfiguredError(DatabaseUnavailableError):
    """The database or its settings are wrong, so retrying does not help; the message says what to set."""


class DatabaseReadOnlyError(DatabaseError):
    """The database is read-only: a replica, or the old primary after a failover."""


class HistoryNotReadyError(DatabaseUnavailableError):
    """The history of a new floor is still being created: an answer would be incomplete."""

    def __init__(self) -> None:
        super().__init__('the history of this floor is being created; that usually takes less than a minute, a '
                         'year of history several minutes')


class MigrationError(DatabaseError):
    """The schema cannot be migrated."""


class SchemaVersionError(MigrationError):
    """Another version of this program wrote the schema, and this one cannot open it; the message names the version that
    can."""


class FeedNotDeliveredError(DatabaseError):
    """A heartbeat notification did not come back in time: notifications may be lost."""


class ProgramFaultError(FloorError):
    """A bug in this program, as a page reports it; the log has the traceback."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f'a fault in this program: {type(error).__name__}; its log says more')


class NotADemoError(FloorError):
    """The floor is a plant: it must not be simulated, and its data must not be removed."""


class EmbeddedDatabaseError(FloorError):
    """The embedded PostgreSQL in the data folder cannot be started."""


class BackupError(FloorError):
    """A backup cannot be made or restored; existing data is unchanged."""


class NotificationError(FloorError):
    """A notification on the app's channel does not follow the protocol.

    reason: what is wrong, without the payload, so that the log can group them.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotFoundError(FloorError):
    """The requested object does not exist."""


class OrderAlreadyOpenError(FloorError):
    """The machine's present stop has a work order already; order: that work order."""

    def __init__(self, order_id: str, order: object) -> None:
        super().__init__(f'{order_id} is already open for this stop')
        self.order = order


class ReferenceReusedError(FloorError):
    """A client reference was used before, for a different request; earlier: what that request created, a work order,
    an attachment or the text of a comment."""

    def __init__(self, name: str, earlier: object) -> None:
        super().__init__(f'this key was used before for another request, which made {name}: nothing of this request '
                         'is saved. Send it with a new key')
        self.earlier = earlier


class NotAllowedError(FloorError):
    """The person's role does not allow this; the message names the role that does."""


class SignedOutError(NotAllowedError):
    """Nobody is signed in; or the session, token or pairing that the request or page was opened with has ended."""


class UnknownKeyError(SignedOutError):
    """There is no token, link or pairing with this secret, and there was none."""


class SignInError(FloorError):
    """A sign-in cannot be completed; the message says why and what to do."""


class ProviderUnavailableError(SignInError):
    """The provider where people sign in does not answer, or not with what can be used."""


class TooManyChangesError(FloorError):
    """The rate limit of changes is reached.

    retry_after: seconds until the next change is allowed.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyDownloadsError(FloorError):
    """The limit of simultaneous downloads per person is reached; retry_after: seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UploadsBusyError(FloorError):
    """The limit of simultaneous uploads is reached, and nothing of this one was stored; retry_after: seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyUploadsError(UploadsBusyError):
    """The limit of simultaneous uploads per person is reached."""


class UploadTooSlowError(FloorError):
    """An upload did not arrive in time; its sender may be gone, and others wait."""


class InvalidInputError(FloorError):
    """A field of a command is not valid.

    field: its name in commands and REST; None if the error is about the whole command.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class QueryError(InvalidInputError):
    """Query parameters that are not valid.

    faults: a sentence for each wrong parameter, by name; the message joins them.
    understood: the value that the other parameters give.
    """

    def __init__(self, faults: Mapping[str, str], understood: object = None) -> None:
        super().__init__(' '.join(faults.values()), next(iter(faults)))
        self.faults = dict(faults)
        self.understood = understood


class EditConflictError(FloorError):
    """The edited object has changed in the meantime.

    current: the present work order or person, for the editor to compare.
    """

    def __init__(self, message: str, current: object) -> None:
        super().__init__(message)
        self.current = current
