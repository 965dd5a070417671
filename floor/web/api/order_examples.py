"""Bodies that work as they stand: /docs fills them in. The demo has the machine and the people in them; a change is one
of an order that nobody has changed yet."""

from __future__ import annotations

from fastapi.openapi.models import Example

MACHINE = 'Injection_Molder_02_01'

NEW_ORDERS: dict[str, Example] = {
    'report': {'summary': 'Report a problem', 'value': {
        'machine_id': MACHINE, 'issue_description': 'Hydraulic leak', 'even_if_open': True}},
    'assigned': {'summary': 'With priority and assignee', 'value': {
        'machine_id': MACHINE, 'issue_description': 'Hydraulic leak', 'priority': 'high', 'assignee': 'Lisa Garcia',
        'reporter_name': 'Mike Johnson', 'even_if_open': True}}}

PATCHES: dict[str, Example] = {
    'edit': {'summary': 'Change values', 'value': {'version': 1, 'priority': 'critical', 'assignee': 'Lisa Garcia'}},
    'on_hold': {'summary': 'Put it on hold', 'value': {
        'version': 1, 'status': 'on_hold', 'hold_reason': 'parts', 'note': 'Seal ordered'}},
    'completed': {'summary': 'Complete it', 'value': {
        'version': 1, 'status': 'completed', 'cause': 'Seal worn', 'action_taken': 'Seal replaced'}},
    'cancelled': {'summary': 'Cancel it', 'value': {
        'version': 1, 'status': 'cancelled', 'cancel_reason': 'Reported twice'}}}
