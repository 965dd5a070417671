"""Fields of several responses of the REST interface."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

AT, LATER = '2026-03-02T06:31:04Z', '2026-03-02T08:12:40Z'
"""Times in the examples."""

MachineId = Annotated[str, Field(
    description='Name of the machine, which identifies it in tables and addresses.',
    examples=['Injection_Molder_02_01'])]
MachineField = Annotated[str, Field(description='Name of the machine, same as machine_id.',
                                    examples=['Injection_Molder_02_01'])]


def query_parameter(name: str, description: str, example: Any, **schema: Any) -> dict[str, Any]:
    """An optional parameter for the OpenAPI description of a route that reads its query itself."""
    return {'name': name, 'in': 'query', 'required': False, 'description': description,
            'schema': {**schema, 'examples': [example]}}
