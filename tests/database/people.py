"""Four of the people as delivered, one per role, and who is none of them."""

from __future__ import annotations

from floor.core.people import Identity, Role

MIKE = Identity('mike', 'mike.johnson@example.com')        # supervisor
JAMES = Identity('james', 'james.wilson@example.com')      # supervisor
LISA = Identity('lisa', 'lisa.garcia@example.com')         # technician
TOM = Identity('tom', 'tom.kowalski@example.com')          # technician
CARLOS = Identity('carlos', 'carlos.mendez@example.com')   # operator
STRANGER = Identity('A visitor', None)                     # viewer: the default of these tests

OF_ROLE = {Role.VIEWER: STRANGER, Role.OPERATOR: CARLOS, Role.TECHNICIAN: TOM, Role.SUPERVISOR: MIKE}
