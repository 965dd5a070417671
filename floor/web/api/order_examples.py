"""Example bodies for /docs. They work in a demo, which has this machine and these people; changes are based on version
1."""

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
