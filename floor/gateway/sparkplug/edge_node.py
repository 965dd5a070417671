"""What a host application knows of one edge node: its births, its sequence, and what is missing. Without I/O.

Source: Eclipse Sparkplug Specification 3.0.0, sections 5 and 6. Three rules keep values true:
- Messages are applied in the order of their seq. A gap is waited for; after REORDER_TIMEOUT the node is asked to send
  its births again, since a change may be lost.
- Only the death that belongs to the present birth (the same bdSeq) counts: the death of an earlier connection may
  arrive after the birth of the next.
- A device that does not send its birth after that of its node is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..reading import Value
from .payload import DataType, Metric, Payload, typed_value
from .topics import MessageType, NodeId, Topic

BD_SEQ = 'bdSeq'
SEQUENCE = 256
REORDER_TIMEOUT = 2.0
"""Seconds for which messages after a gap wait for the missing one."""
BIRTH_TIMEOUT = 10.0
"""Seconds after the birth of a node within which its devices send theirs."""
FIRST_REQUEST_INTERVAL, LAST_REQUEST_INTERVAL = 10.0, 600.0
"""Seconds between two rebirth requests to a node; twice as many each time, if it needs one repeatedly."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A value of a metric. device: None for the node's own. value: None for no signal. at: milliseconds since 1970 by
    the node's clock; None for the moment in which it was received. is_historical: not the present value. detail: why
    there is no signal."""

    node: NodeId
    device: str | None
    metric: str
    value: Value | None
    at: int | None
    is_historical: bool = False
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class RebirthRequest:
    """The edge node has to be asked for its births. reason: why, for the log."""

    node: NodeId
    reason: str


Action = MetricValue | RebirthRequest


@dataclass(slots=True)
class _Birth:
    """The metrics of a node or device, as of its birth."""

    names: dict[int, str] = field(default_factory=dict)
    types: dict[str, DataType] = field(default_factory=dict)


class EdgeNode:
    """One edge node. Times are seconds of one clock that never goes back."""

    def __init__(self, node: NodeId) -> None:
        self._node = node
        self._births: dict[str | None, _Birth] = {}
        """The metrics of what is alive; None: the node itself, without which nothing is."""
        self._missing: dict[str | None, _Birth] = {}
        """Devices that were alive before the last birth of the node."""
        self._missing_until = 0.0
        self._bd_seq: Value | None = None
        self._next_seq = 0
        self._held: dict[int, tuple[Topic, Payload]] = {}
        self._held_until = 0.0
        self._wanted = ''
        """Why births are needed; empty if they are not."""
        self._asked_at: float | None = None
        self._interval = FIRST_REQUEST_INTERVAL

    @property
    def is_alive(self) -> bool:
        """Whether its birth is known, and no death after it."""
        return None in self._births

    def receive(self, topic: Topic, payload: Payload, now: float) -> list[Action]:
        """What follows from a message of this node."""
        if topic.type is MessageType.NBIRTH:
            actions = self._begin(topic, payload, now)
        elif topic.type is MessageType.NDEATH:
            actions = self._end(payload)
        elif not self.is_alive:
            actions = self._hold(topic, payload, now)
        else:
            actions = self._in_sequence(topic, payload, now)
        return actions + self._request(now)

    def next_due(self) -> float | None:
        """When due() has something to do without another message; None if never."""
        moments = [until for until, waits in ((self._held_until, self._held), (self._missing_until, self._missing))
                   if waits]
        if self._wanted:
            moments.append(self._may_ask_at())
        return min(moments, default=None)

    def due(self, now: float) -> list[Action]:
        """What follows from the time alone."""
        actions: list[Action] = []
        if self._held and now >= self._held_until:
            actions += self._give_up_gap()
        if self._missing and now >= self._missing_until:
            actions += [self._no_signal(device, name, None, 'its device did not return with its edge node')
                        for device, birth in self._missing.items() for name in birth.types]
            self._missing.clear()
        return actions + self._request(now)

    def want_births(self, reason: str) -> None:
        """Ask for births when it is allowed."""
        self._wanted = self._wanted or reason

    def _begin(self, topic: Topic, payload: Payload, now: float) -> list[Action]:
        bd_seq = payload.metric(BD_SEQ)
        self._bd_seq = None if bd_seq is None else bd_seq.value
        self._missing.update({device: birth for device, birth in self._births.items() if device is not None})
        self._missing_until = now + BIRTH_TIMEOUT
        for device in self._missing:
            self._births.pop(device, None)
        self._wanted = ''
        self._next_seq = ((payload.seq or 0) + 1) % SEQUENCE
        actions = self._apply(topic, payload)
        since = payload.at or 0
        self._held = {seq: held for seq, held in self._held.items() if (held[1].at or 0) >= since}
        return actions + self._release()

    def _end(self, payload: Payload) -> list[Action]:
        metric = payload.metric(BD_SEQ)
        if metric is not None and self._bd_seq is not None and metric.value != self._bd_seq:
            return []
        alive = {**self._missing, **self._births}
        for known in self._births, self._missing, self._held:
            known.clear()
        self._wanted = ''
        return [self._no_signal(device, name, None, 'its edge node is offline')
                for device, birth in alive.items() for name in birth.types]

    def _in_sequence(self, topic: Topic, payload: Payload, now: float) -> list[Action]:
        if payload.seq is None:
            return self._apply(topic, payload)
        ahead = (payload.seq - self._next_seq) % SEQUENCE
        if ahead == 0:
            self._next_seq = (self._next_seq + 1) % SEQUENCE
            return self._apply(topic, payload) + self._release()
        if ahead == SEQUENCE - 1:  # the last one, delivered twice
            return []
        if ahead < SEQUENCE // 2:
            return self._hold(topic, payload, now)
        self.want_births('a message is out of sequence')
        return []

    def _hold(self, topic: Topic, payload: Payload, now: float) -> list[Action]:
        if payload.seq is None:
            self.want_births('its birth is not known')
            return []
        if not self._held:
            self._held_until = now + REORDER_TIMEOUT
        self._held[payload.seq] = topic, payload
        return []

    def _release(self) -> list[Action]:
        """Apply held messages as far as they follow."""
        actions: list[Action] = []
        while (held := self._held.pop(self._next_seq, None)) is not None:
            self._next_seq = (self._next_seq + 1) % SEQUENCE
            actions += self._apply(*held)
        return actions

    def _give_up_gap(self) -> list[Action]:
        """The missing message does not come: apply what is known, and ask for births."""
        actions: list[Action] = []
        if self.is_alive:
            self.want_births('a message is missing in its sequence')
            for seq in sorted(self._held, key=lambda seq: (seq - self._next_seq) % SEQUENCE):
                actions += self._apply(*self._held[seq])
                self._next_seq = (seq + 1) % SEQUENCE
        else:
            self.want_births('its birth is not known')
        self._held.clear()
        return actions

    def _apply(self, topic: Topic, payload: Payload) -> list[Action]:
        if topic.type in (MessageType.NBIRTH, MessageType.DBIRTH):
            return self._apply_birth(topic.device, payload)
        birth = self._births.get(topic.device)
        if birth is None:
            if topic.type is not MessageType.DDEATH:
                self.want_births(f'the birth of device {topic.device} is not known')
            return []
        if topic.type is MessageType.DDEATH:
            del self._births[topic.device]
            return [self._no_signal(topic.device, name, payload.at, 'its device is offline') for name in birth.types]
        actions: list[Action] = []
        for metric in payload.metrics:
            name = birth.names.get(metric.alias, metric.name) if metric.alias is not None else metric.name
            if name is None:
                self.want_births(f'alias {metric.alias} is not in its birth')
            else:
                actions.append(self._value(topic.device, name, metric, payload, birth.types.get(name)))
        return actions

    def _apply_birth(self, device: str | None, payload: Payload) -> list[Action]:
        before = self._births.get(device) or self._missing.get(device) or _Birth()
        birth = self._births[device] = _Birth()
        self._missing.pop(device, None)
        actions: list[Action] = []
        for metric in payload.metrics:
            if metric.name is not None:
                if metric.alias is not None:
                    birth.names[metric.alias] = metric.name
                birth.types[metric.name] = metric.datatype
                actions.append(self._value(device, metric.name, metric, payload, None))
        return actions + [self._no_signal(device, name, payload.at, 'its edge node has no such metric')
                          for name in before.types if name not in birth.types]

    def _value(self, device: str | None, name: str, metric: Metric, payload: Payload,
               datatype: DataType | None) -> MetricValue:
        value = typed_value(metric.value, metric.datatype or datatype or DataType.UNKNOWN)
        return MetricValue(self._node, device, name, value, payload.at if metric.at is None else metric.at,
                           metric.is_historical, 'null or of bad quality' if value is None else None)

    def _no_signal(self, device: str | None, name: str, at: int | None, detail: str) -> MetricValue:
        return MetricValue(self._node, device, name, None, at, detail=detail)

    def _request(self, now: float) -> list[Action]:
        if not self._wanted or now < self._may_ask_at():
            return []
        again = self._asked_at is not None and now < self._asked_at + 2 * self._interval
        self._interval = min(2 * self._interval, LAST_REQUEST_INTERVAL) if again else FIRST_REQUEST_INTERVAL
        self._asked_at = now
        return [RebirthRequest(self._node, self._wanted)]

    def _may_ask_at(self) -> float:
        return 0.0 if self._asked_at is None else self._asked_at + self._interval
