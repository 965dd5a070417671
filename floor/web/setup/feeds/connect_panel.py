"""How a program is connected: a token, a line to copy, and where to read on."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from ....core.feeds import FEED_PATH
from ....feed.store import Store
from ...shell.heading import Heading
from ...shell.messages import TextNode
from ..access.secret_dialog import copyable, own_address

TITLE = 'Connect a feed'
STEPS = ('Any program that can send HTTP is a feed: a script, a PLC gateway, an edge device. Make a token '
         'above: it is shown once, together with a line that you can try at once.')
AFTERWARDS = 'With the token in the variable TOKEN, a shell reports a status with one line:'
GATEWAY = ('MQTT, Sparkplug B and OPC UA: the gateway runs in the plant network, keeps what it cannot send, and '
           'reports with the same token.')
START = 'Start the gateway'
START_STEPS = """pip install 'line-monitor[gateway]'
export TOKEN=...
line-monitor gateway gateway.yaml"""
EXAMPLE = ('In the same folder, gateway.yaml says what is read: here a broker on the computer of the gateway, where '
           '{machine} is the name of a machine on this floor, and the messages are operational, warning or down.')
FILE = """app:
  url: {address}
  token: {{env: TOKEN}}
queue: {{folder: gateway-queue}}
sources:
  - type: mqtt
    name: plant
    host: localhost
    points:
      - topic: plant/{{line}}/{{machine}}/status
        machine: '{{machine}}'
        preset: words"""
PYTHON = """import json, os, urllib.request

events = [{{'machine': {machine}, 'status': 'down', 'reason': 'E-047'}}]
headers = {{'Authorization': 'Bearer ' + os.environ['TOKEN'], 'Content-Type': 'application/json'}}
request = urllib.request.Request({address}, json.dumps(events).encode(), headers)
print(urllib.request.urlopen(request).read().decode())"""


class ConnectPanel(ui.card):
    """With this app's address and a machine of its floor, so that the lines work as they are."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.classes('panel').props('role=region')
        self.props['aria-label'] = TITLE
        machine = str(next(iter(store.machines), 'MACHINE'))
        address = f'{own_address()}{FEED_PATH}'
        with self:
            Heading(TITLE).classes('panel-title')
            TextNode('p', STEPS).classes('panel-note')
            TextNode('p', AFTERWARDS).classes('panel-note')
            with ui.element('div').classes('access-secret'):
                copyable('Shell', f'curl -H "Authorization: Bearer $TOKEN" '
                                  f"'{address}/{quote(machine, safe='')}' -d status=down -d reason=E-047")
                copyable('Python', PYTHON.format(machine=repr(machine), address=repr(address)))
            TextNode('p', GATEWAY).classes('panel-note')
            with ui.element('details').classes('feed-gateway'):
                TextNode('summary', START)
                with ui.element('div').classes('access-secret'):
                    copyable('Shell, on a computer of the plant network', START_STEPS)
                    TextNode('p', EXAMPLE).classes('panel-note')
                    copyable('gateway.yaml', FILE.format(address=own_address()))
            ui.link('All fields and results of /api/feed', '/docs').classes('feed-docs')
