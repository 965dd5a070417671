"""REST routes that change people: /api/employees. floor_api.py lists them. A token needs the scope people:write."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ...core.people import Employee, Identity, Role
from ...core.rate_limit import ChangeRateLimit
from ...orders.employees import EmployeeEdit, Employees
from .bodies import JsonRoute
from .callers import caller
from .floor_api import TIMEOUT_S, database_errors, no_store
from .known_parameters import known_parameters
from .order_parameters import LOCATION
from .people_answers import EmployeeAnswer
from .plant_change import IfMatch, ItemId
from .plant_forms import PlantPatch
from .problems import documented
from .rate_limit_headers import RateLimitHeaders
from .versioned_answers import answered, created, tagged
from .versioned_change import change

PREFIX = '/api/employees'
FirstName = Annotated[str, Field(description='First name, at most 100 characters.', examples=['Anna'])]
LastName = Annotated[str, Field(description='Last name, at most 100 characters.', examples=['Berg'])]
Email = Annotated[str, Field(description='E-mail address, unique regardless of upper and lower case.',
                             examples=['anna.berg@example.com'])]
Department = Annotated[str, Field(description='Department.', examples=['Maintenance'])]
RoleOf = Annotated[Role, Field(description='Role, which decides what they may do.', examples=['technician'])]
Active = Annotated[StrictBool, Field(description='false: deactivated, with read-only access.', examples=[True])]


class NewEmployeeForm(BaseModel):
    """Somebody new."""

    model_config = ConfigDict(extra='forbid', title='NewEmployee')

    first_name: FirstName
    last_name: LastName
    email: Email
    department: Department
    role: RoleOf = Role.OPERATOR
    active: Active = True


class EmployeePatch(PlantPatch):
    """New values of an employee."""

    model_config = ConfigDict(extra='forbid', title='EmployeePatch')

    first_name: FirstName = Field(default_factory=str)
    last_name: LastName = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    department: Department = Field(default_factory=str)
    role: RoleOf = Field(default_factory=lambda: Role.OPERATOR)
    active: Active = Field(default_factory=bool)


def register(app: FastAPI, *, employees: Employees, limit: ChangeRateLimit | None = None,
             timeout: float = TIMEOUT_S) -> None:
    """Serve single employees and their changes. Call it after floor_api.register, which adds the error handlers.

    limit: its remaining changes are in the headers of responses. timeout: seconds without a response of the database
    after which a request fails with 503.
    """
    identity = Depends(caller)
    if limit is not None:
        app.add_middleware(RateLimitHeaders, path=PREFIX, limit=limit)
    router = APIRouter(prefix=PREFIX, tags=['people'], route_class=JsonRoute,
                       dependencies=[identity, Depends(known_parameters), Depends(no_store)],
                       responses=documented(401, 403, 422, 500, 503))

    @router.get('/{item_id}', summary='One employee', operation_id='get_employee', responses=documented(404))
    async def get_employee(item_id: ItemId, response: Response) -> EmployeeAnswer:
        """Its ETag is for If-Match."""
        async with database_errors(timeout):
            return tagged(response, EmployeeAnswer.model_validate(await employees.get(item_id)))

    @router.post('', status_code=201, summary='Add an employee', operation_id='add_employee',
                 responses={201: {'headers': LOCATION}, **documented(400, 413, 415, 429)})
    async def add_employee(new: NewEmployeeForm, request: Request, response: Response,
                           who: Identity = identity) -> EmployeeAnswer:
        """Requires the role supervisor."""
        async with database_errors(timeout):
            added = await employees.add(who, EmployeeEdit(**new.model_dump()))
        return EmployeeAnswer.model_validate(created(request, response, added))

    @router.patch('/{item_id}', summary='Change, deactivate or reactivate an employee', operation_id='update_employee',
                  responses=documented(400, 404, 409, 412, 413, 415, 428, 429), response_model=EmployeeAnswer)
    async def update_employee(item_id: ItemId, patch: EmployeePatch, response: Response, who: Identity = identity,
                              if_match: IfMatch = None) -> Any:
        """Requires the role supervisor. The last active supervisor stays one."""
        edit = EmployeeEdit(**patch.given())  # type: ignore[arg-type]
        return await answered(timeout, response, EmployeeAnswer.model_validate, change(
            lambda: employees.get(item_id), lambda version: employees.edit(who, item_id, version, edit),
            patch.seen_version, if_match, called=_name))

    app.include_router(router)


def _name(employee: Employee) -> str:
    return employee.name
