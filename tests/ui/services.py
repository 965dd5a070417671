"""What pages are given in these tests: the store is real, and written as the listener would write it; what would ask
the database (employees, orders, order_list) records each call and answers what the test has laid down:

    floor.orders.answers['details'] = details          # or an exception, to be raised; or a function of the arguments
    floor.orders.asked == [('transition', (identity, id, version, transition), {})]

The person is named by a header that `person_at` sets on a browser; without it, it is somebody without an address.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from nicegui.testing import User
from starlette.requests import HTTPConnection

from floor.core.people import Employee, Identity, Role
from floor.feed.store import Store
from floor.web.live.broadcast import Broadcast
from floor.web.live.render_probe import RenderProbe, browser_latency
from floor.web.shell.alert_hub import AlertHub
from floor.web.shell.services import EventsOf, Services

HEADER = 'x-person'
SHIFTS = 'Early 06:00,Late 14:00,Night 22:00'
LOCAL = Identity('Local user', None)


class Recorded(Any):
    """Stands for a service: any method may be awaited."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def asked(*arguments: Any, **named: Any) -> Any:
            self.asked.append((name, arguments, named))
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            result = answer(*arguments, **named) if callable(answer) else answer
            return await result if isawaitable(result) else result
        return asked


def identify(request: HTTPConnection) -> Identity:
    """The person that the browser names."""
    email = request.headers.get(HEADER)
    return Identity(email.split('@')[0], email) if email else LOCAL


def person_at(browser: User, employee: Employee) -> User:
    """This browser is theirs from now on."""
    browser.http_client.headers[HEADER] = employee.email
    return browser


def recorded_access() -> Any:
    """Access to nothing."""
    access = Recorded()
    for name in 'sessions', 'keys', 'tokens', 'stations', 'pins', 'walls', 'invitations', 'first_supervisor':
        setattr(access, name, Recorded())
    return access


def services(store: Store, broadcast: Broadcast, *, events_of: EventsOf, employees: Any, orders: Any,
             order_list: Any, database_now: Any, plant: Any = None) -> Services:
    """Everything that a page may ask for; who is no employee is a supervisor, as on a machine of one's own."""
    return Services(store=store, broadcast=broadcast, shifts=SHIFTS, events_of=events_of, employees=employees,
                    orders=orders, order_list=order_list, identify=identify,
                    access=recorded_access(), default_role=Role.SUPERVISOR,
                    plant=plant or Recorded(), setup=Recorded(), sheets=Recorded(), feeds=Recorded(),
                    render_probe=RenderProbe(store, browser_latency()), alerts=AlertHub(store),
                    database_now=database_now)
