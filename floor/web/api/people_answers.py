"""People in responses of the REST interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ...core.people import Role
from .fields import AT


class EmployeeAnswer(BaseModel):
    """An employee of the plant."""

    model_config = ConfigDict(from_attributes=True, title='Employee')

    id: Annotated[int, Field(description='Id: assignee_id of a work order.', examples=[1])]
    first_name: Annotated[str, Field(description='First name.', examples=['Mike'])]
    last_name: Annotated[str, Field(description='Last name.', examples=['Johnson'])]
    email: Annotated[str, Field(description='Unique e-mail address.',
                                examples=['mike.johnson@example.com'])]
    department: Annotated[str, Field(description='Department.', examples=['Maintenance'])]
    active: Annotated[bool, Field(description='false: deactivated, with read-only access.', examples=[True])]
    role: Annotated[Role, Field(description='Role, which decides what they may do.', examples=['technician'])]
    created_at: Annotated[datetime, Field(description='Time at which the employee was added, in UTC.', examples=[AT])]
    version: Annotated[int, Field(description='Increases with every change; a PATCH names the version it is based on.',
                                  examples=[1])]
