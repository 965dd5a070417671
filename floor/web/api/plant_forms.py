"""The set-up of the plant in requests of the REST interface. The commands check the values."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator

from ...orders.order_values import UNCHANGED
from ...plant.line_commands import LineEdit
from ...plant.machine_commands import NO_TYPE, MachineEdit, NewMachine
from ...plant.machine_type_commands import MachineTypeEdit
from ...plant.plant_settings import PlantSettingsEdit, parse_day_start
from .order_forms import MAX_VERSION, number_only
from .weekday_names import WeekdayName, weekday_of

DAY_START = '^([01][0-9]|2[0-3]):[0-5][0-9]$'
NAME = '1 to 80 characters, unique regardless of upper and lower case.'
SeenVersion = Annotated[int, BeforeValidator(number_only), Field(
    default_factory=int, ge=1, le=MAX_VERSION, examples=[1],
    description='The version that the change is based on: 409 if it is outdated. Required without If-Match.')]
MachineName = Annotated[str, Field(description=f'Name: {NAME}', examples=['Press 7'])]
LineName = Annotated[str, Field(description=f'Name: {NAME}', examples=['Press hall'])]
Code = Annotated[str, Field(description='Code in names of machines that SQL adds: 1 to 20 characters, unique.',
                            examples=['07'])]
Area = Annotated[str | None, Field(description='Its area, found regardless of upper and lower case, or a new one; '
                                               'null: none.', examples=['Hall 1'])]
ShownName = Annotated[str | None, Field(description='What pages call it: at most 80 characters, not unique; null: its '
                                                    'name.', examples=['North press'])]
TypeName = Annotated[str, Field(description=f'Name: {NAME}', examples=['press'])]
TypeOfMachine = Annotated[str, Field(description='Name of its type; one that is not there is added.',
                                     examples=['press'])]
Position = Annotated[StrictInt, Field(ge=1, le=10_000, examples=[1], description='Position, from 1; the others make '
                                                                                 'room.')]
Icon = Annotated[str | None, Field(description='Key of the icon; null: the generic one.', examples=['press'])]
LineId = Annotated[StrictInt | None, Field(description='Id of its line; null: not on a line.', examples=[2])]


class NewLineForm(BaseModel):
    """A new line."""

    model_config = ConfigDict(extra='forbid', title='NewProductionLine')

    name: LineName
    code: Annotated[Code | None, Field(examples=['07'], description='Code. Default: the next number.')] = None
    position: Annotated[Position | None, Field(
        examples=[1], description='Position among the lines, from 1. Default: the last.')] = None
    area: Area = None


class NewMachineTypeForm(BaseModel):
    """A new machine type."""

    model_config = ConfigDict(extra='forbid', title='NewMachineType')

    name: TypeName
    icon: Icon = None


class NewMachineForm(BaseModel):
    """A new machine, which has no signal until a feed reports it."""

    model_config = ConfigDict(extra='forbid', title='NewMachine')

    name: MachineName
    type: TypeOfMachine = NO_TYPE
    line_id: LineId = None
    position: Annotated[Position | None, Field(
        examples=[1], description='Position in the flow of its line, from 1. Default: the last.')] = None
    display_name: ShownName = None

    def machine(self) -> NewMachine:
        """Convert the form to a command."""
        return NewMachine(self.name, self.type, self.line_id, self.position, self.display_name)


def _none() -> None:
    return None


class PlantPatch(BaseModel):
    """Base of the changes: fields that are absent stay as they are. Their defaults are not in the description, because
    clients would send them."""

    model_config = ConfigDict(extra='forbid')

    version: SeenVersion

    @model_validator(mode='after')
    def _changes_something(self) -> Self:
        if not self.model_fields_set - {'version'}:
            raise ValueError('nothing to change: send new values')
        return self

    @property
    def seen_version(self) -> int | None:
        """The version that the change is based on, if given."""
        return self.version if 'version' in self.model_fields_set else None

    def given(self) -> dict[str, object]:
        """The new values by name."""
        return {name: getattr(self, name) for name in self.model_fields_set - {'version'}}


class PlantSettingsPatch(PlantPatch):
    """New values of the plant's own settings."""

    model_config = ConfigDict(extra='forbid', title='PlantSettingsPatch')

    name: Annotated[str | None, Field(description='At most 80 characters; null: none.',
                                      examples=['Springfield Assembly'])] = Field(default_factory=_none)
    time_zone: Annotated[str, Field(description='A name of the IANA time zone database. Days of reports are counted '
                                                'again.', examples=['America/Detroit'])] = Field(default_factory=str)
    first_weekday: Annotated[WeekdayName, Field(description='With which day a week begins.', examples=['sunday'])] = \
        Field(default_factory=lambda: 'monday')
    day_start: Annotated[str, Field(pattern=DAY_START, examples=['06:00'], description=(
        'Local time at which a day begins, 00:00 to 23:59. Days of reports are counted again.'))] = \
        Field(default_factory=str)

    def edit(self) -> PlantSettingsEdit:
        """Convert the form to a command."""
        given = self.model_fields_set
        return PlantSettingsEdit(self.name or '' if 'name' in given else UNCHANGED,
                                 self.time_zone if 'time_zone' in given else UNCHANGED,
                                 weekday_of(self.first_weekday) if 'first_weekday' in given else UNCHANGED,
                                 parse_day_start(self.day_start) if 'day_start' in given else UNCHANGED)


class LinePatch(PlantPatch):
    """New values of a line."""

    model_config = ConfigDict(extra='forbid', title='ProductionLinePatch')

    name: LineName = Field(default_factory=str)
    code: Code = Field(default_factory=str)
    position: Position = Field(default_factory=int)
    area: Area = Field(default_factory=_none)

    def edit(self) -> LineEdit:
        """Convert the form to a command."""
        return LineEdit(**self.given())  # type: ignore[arg-type]


class AreaPatch(BaseModel):
    """A new name or position of an area. An area has no version: the name that it has now is what is changed."""

    model_config = ConfigDict(extra='forbid', title='AreaPatch')

    area: Annotated[str, Field(description='Its name now; 404 if somebody else has renamed it.', examples=['Hall 1'])]
    name: Annotated[str | None, Field(description='New name: 1 to 80 characters, unique regardless of upper and lower '
                                                  'case.', examples=['North hall'])] = None
    position: Annotated[Position | None, Field(
        examples=[1], description='Position among the areas, from 1; the others make room.')] = None

    @model_validator(mode='after')
    def _is_one_step(self) -> Self:
        if (self.name is None) == (self.position is None):
            raise ValueError('send either name or position')
        return self


class MachineTypePatch(PlantPatch):
    """New values of a machine type."""

    model_config = ConfigDict(extra='forbid', title='MachineTypePatch')

    name: TypeName = Field(default_factory=str)
    icon: Icon = Field(default_factory=_none)

    def edit(self) -> MachineTypeEdit:
        """Convert the form to a command."""
        return MachineTypeEdit(**self.given())  # type: ignore[arg-type]


class MachinePatch(PlantPatch):
    """New values of a machine, or whether it is retired."""

    model_config = ConfigDict(extra='forbid', title='PlantMachinePatch')

    name: MachineName = Field(default_factory=str)
    type: TypeOfMachine = Field(default_factory=str)
    line_id: LineId = Field(default_factory=_none)
    position: Position = Field(default_factory=int)
    display_name: ShownName = Field(default_factory=_none)
    retired: Annotated[StrictBool, Field(description='true: it leaves the floor, its past stays; false: it comes back.',
                                         examples=[True])] = Field(default_factory=bool)

    @model_validator(mode='after')
    def _is_one_step(self) -> Self:
        if 'retired' in self.model_fields_set and len(self.given()) > 1:
            raise ValueError('retired and new values must be sent in two requests')
        return self

    def edit(self) -> MachineEdit:
        """Convert the new values to a command."""
        return MachineEdit(**self.given())  # type: ignore[arg-type]


class NewIconForm(BaseModel):
    """An icon to upload."""

    model_config = ConfigDict(extra='forbid', title='NewIcon')

    key: Annotated[str, Field(description='Its key: lower-case letters, digits, - and _, at most 40; not that of a '
                                          'delivered icon.', examples=['bag_sealer'])]
    svg: Annotated[str, Field(description='An SVG of at most 20 kB, with shapes only.', examples=[
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 4h16v16H4z"/></svg>'])]
