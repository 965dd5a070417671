"""Faults of who writes orders: an answer that is lost, a button that is pressed twice, two people at one order."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import httpx
from database.postgres import SCHEMA
from tcp_proxy import TcpProxy

from .history import History
from .scene import scene
from .stage import Fault, Stage

ORDERS = '/api/work-orders'
MADE = {200, 201}
TWICE = 'an order was made more than once'


class Clerk:
    """Somebody whose program writes orders, and asks again with the same key until it knows that one is written."""

    def __init__(self, addresses: list[str]) -> None:
        self.written: dict[str, str] = {}
        """The id of the order by the description that it was reported with, which no two share."""
        self.retries = 0
        self._addresses = addresses
        self._number = 0

    async def write(self, machine: str) -> None:
        """One order, written for certain when this returns; each try goes to another instance."""
        self._number += 1
        what = f'order {self._number}'
        while what not in self.written:
            address = self._addresses[(self._number + self.retries) % len(self._addresses)]
            try:
                async with httpx.AsyncClient(base_url=address, timeout=30) as http:
                    answer = await http.post(ORDERS, json=order(machine, what),
                                             headers={'Idempotency-Key': f'clerk-{self._number}'})
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code in MADE:
                self.written[what] = answer.json()['id']
            elif answer is not None and answer.is_client_error:
                raise RuntimeError(f'no retry can help: {answer.status_code} {answer.text}')
            else:
                self.retries += 1
                await asyncio.sleep(0.1)

    async def complaints(self, connection: asyncpg.Connection) -> list[str]:
        """What is in the database, held against what was acknowledged."""
        rows = await connection.fetch(f'SELECT id, issue_description FROM {SCHEMA}.work_orders')
        times = Counter(row['issue_description'] for row in rows)
        kept = {row['id'] for row in rows}
        return [*(f'{TWICE}: {what} {count} times' for what, count in times.items() if count > 1),
                *(f'{what} was acknowledged as {id_} and is not there' for what, id_ in self.written.items()
                  if id_ not in kept)]


def order(machine: str, what: str) -> dict[str, object]:
    """The body of a new order, one of many for the machine's present stop."""
    return {'machine_id': machine, 'issue_description': what, 'even_if_open': True}


async def lost_answers(stage: Stage) -> History:
    """An answer is lost after the commit: the database's on its way to the program, or the program's to the clerk."""
    async with scene(stage, CHANGES_PER_MINUTE='0') as floor, TcpProxy(int(floor.program.host.split(':')[1])) as before:
        clerk = Clerk([f'http://127.0.0.1:{before.port}'])
        rounds = 3 if stage.quick else 50
        for _ in range(rounds):
            before.lose_answer_to(b'POST ' + ORDERS.encode())
            await clerk.write(floor.ours)
            floor.proxy.lose_answer_to(b'COMMIT')
            await clerk.write(floor.ours)
        if not before.answers_lost or not floor.proxy.answers_lost:
            floor.history.broken.append('no answer was lost')
        await _press_twice(floor.program.url, floor.ours)
        floor.history.broken += await _edit_at_once(floor.program.url, clerk.written['order 1'])
        floor.history.heal()
        floor.history.broken += await clerk.complaints(floor.connection)
        floor.history.figures['answers lost'] = (
            f'{before.answers_lost} of the program, {floor.proxy.answers_lost} of the database')
        floor.history.figures['orders'] = f'{len(clerk.written)}, with {clerk.retries} retries'
        return await floor.settle()


async def _press_twice(address: str, machine: str) -> None:
    """A double click: the same order twice at the same moment."""
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        await asyncio.gather(*(http.post(ORDERS, json=order(machine, 'pressed twice'),
                                         headers={'Idempotency-Key': 'a-double-click'}) for _ in range(2)))


async def _edit_at_once(address: str, order: str) -> list[str]:
    """Two people change the same version: one is taken, the other is refused."""
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        version = (await http.get(f'{ORDERS}/{order}')).json()['version']
        answers = await asyncio.gather(*(http.patch(f'{ORDERS}/{order}', json={
            'version': version, 'issue_description': f'changed by {who}'}) for who in ('one', 'the other')))
    codes = sorted(answer.status_code for answer in answers)
    return [] if codes == [200, 409] else [f'two edits of one version were answered {codes}']


FAULTS = [
    Fault('lost_answers', 'the answer to a new order is lost after the commit, on either way; a double click; two '
          'edits at once', 'forgets_the_key', TWICE, lost_answers),
]
