"""Every error of ours, drawn as a tree.

FloorError
├── SettingsError          an environment variable or .env line has a wrong value
├── DatabaseError
│   ├── DatabaseUnavailable    nobody answers at the database's address
│   │   ├── DatabaseMisconfigured  what is set of the database can never work, however often it is tried
│   │   └── HistoryNotReadyError   the history of a new floor is being created
│   ├── DatabaseReadOnly       it answers, and cannot be written
│   ├── MigrationError         the schema can't be brought up to date
│   └── FeedNotDelivered       a notification we sent to ourselves did not come back in time
├── ProgramFaultError      a fault of ours, as a page says it
├── NotADemoError          the floor is a plant: it can't be simulated or removed
├── EmbeddedDatabaseError  the private PostgreSQL can't be started
├── BackupError            a backup can't be made or can't be restored
├── NotificationError      a payload on our channel that isn't of our protocol
├── NotFound               a machine, person or work order that isn't in the database
├── OrderAlreadyOpenError  the machine's present stop has a work order already
├── ReferenceReusedError   a client reference was sent with something else than before
├── NotAllowed             the role of who asks is not enough
├── TooManyChanges         who asks has changed more in a short time than anybody should
├── TooManyDownloads       who asks has as many downloads under way as one person may
├── UploadsBusyError       more files are being sent than there is room for
│   └── TooManyUploadsError    who asks sends as many at once as one person may
├── UploadTooSlowError     a file did not arrive in time
├── InvalidInput           a field of a command can't be taken as it is
│   └── QueryError             parameters of an address that are not understood
└── EditConflict           somebody else has changed the same work order or person meanwhile

Each message says what happened and, where a person can mend it, what to do.
"""

from collections.abc import Mapping


class FloorError(Exception):
    """Root of everything that this program raises on purpose."""


class SettingsError(FloorError):
    """An environment variable has a value that can't be used; the message names it and what is allowed."""


class DatabaseError(FloorError):
    """Something between us and PostgreSQL."""


class DatabaseUnavailable(DatabaseError):
    """Nobody answers at the database's address, or not in time."""


class DatabaseMisconfigured(DatabaseUnavailable):
    """What is set of the database can never work, however often it is tried; the message says what to set."""


class DatabaseReadOnly(DatabaseError):
    """The database answers and cannot be written: a replica, or the old primary after a failover."""


class HistoryNotReadyError(DatabaseUnavailable):
    """The history of a new floor is being created: what is there until then would be a wrong answer."""

    def __init__(self) -> None:
        super().__init__('the history of this floor is being created; that usually takes less than a minute, a '
                         'year of history several minutes')


class MigrationError(DatabaseError):
    """The schema can't be brought up to date."""


class FeedNotDelivered(DatabaseError):
    """A notification that we sent to ourselves did not come back in time: the feed can't be trusted."""


class ProgramFaultError(FloorError):
    """A fault of ours, as a page says it; the log has where it came from."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f'a fault in this program: {type(error).__name__}; its log says more')


class NotADemoError(FloorError):
    """The floor is a plant: nothing may be simulated on it, and nothing of it be removed."""


class EmbeddedDatabaseError(FloorError):
    """The private PostgreSQL under the data folder can't be started."""


class BackupError(FloorError):
    """A backup can't be made, or can't be restored; what was there before is untouched."""


class NotificationError(FloorError):
    """A notification on our channel that isn't of our protocol.

    reason: what is wrong with it, without the payload, so that many of them are one line of the log.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotFound(FloorError):
    """What was asked for isn't in the database."""


class OrderAlreadyOpenError(FloorError):
    """Somebody has reported the machine's present stop already; order: the work order that is open for it."""

    def __init__(self, id: str, order: object) -> None:
        super().__init__(f'{id} is already open for this stop')
        self.order = order


class ReferenceReusedError(FloorError):
    """A client reference has made something before, and now something else is asked for with it; earlier: what it made,
    the work order, the attachment or the text of the comment."""

    def __init__(self, name: str, earlier: object) -> None:
        super().__init__(f'this key was used before for another request, which made {name}: nothing of this request '
                         'is saved. Send it with a new key')
        self.earlier = earlier


class NotAllowed(FloorError):
    """Who asks may not do this; the message says what role is needed."""


class TooManyChanges(FloorError):
    """Who asks has changed more in a short time than this program takes from anybody.

    retry_after: seconds until the next change is taken.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyDownloads(FloorError):
    """Who asks has as many downloads under way as one person may; retry_after: seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UploadsBusyError(FloorError):
    """More files are being sent than there is room for: nothing of this one was stored; retry_after: seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyUploadsError(UploadsBusyError):
    """Who asks is sending as many files at once as one person may."""


class UploadTooSlowError(FloorError):
    """A file did not arrive in time: its sender may be gone, and others wait."""


class InvalidInput(FloorError):
    """A field of a command can't be taken as it is.

    field: its name, as commands and the REST interface call it; None where it is about the whole.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class QueryError(InvalidInput):
    """Parameters of an address that are not understood.

    faults: a sentence for each, by its name; the message is all of them.
    understood: what the other parameters ask for, of the type that was read.
    """

    def __init__(self, faults: Mapping[str, str], understood: object = None) -> None:
        super().__init__(' '.join(faults.values()), next(iter(faults)))
        self.faults = dict(faults)
        self.understood = understood


class EditConflict(FloorError):
    """What was edited is not what is in the database any more.

    current: the work order or person as it is now, for the editor to compare and decide.
    """

    def __init__(self, message: str, current: object) -> None:
        super().__init__(message)
        self.current = current
