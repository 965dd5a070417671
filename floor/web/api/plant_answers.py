"""The set-up of the plant in responses of the REST interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.moments import Form
from ...core.plant_calendar import PlantSettings
from .fields import AT, LATER
from .weekday_names import WeekdayName, weekday_name

Version = Annotated[int, Field(description='Increases with every change; a PATCH or DELETE names the version it is '
                                           'based on.', examples=[1])]
TypeName = Annotated[str, Field(description='Type of the machine: name in /api/plant/machine-types.',
                                examples=['injection_molder'])]
LineId = Annotated[int | None, Field(description='Id of its line in /api/plant/lines; null: not on a line.',
                                     examples=[2])]
Place = Annotated[int, Field(description='Position in the flow of its line.', examples=[1])]
Icon = Annotated[str | None, Field(description='Key of the icon; null: the generic one.',
                                   examples=['injection_molder'])]


class PlantAnswer(BaseModel):
    """The plant's own settings."""

    model_config = ConfigDict(title='PlantSettings')

    name: Annotated[str | None, Field(description='Shown on every page and on paper; null: none.',
                                      examples=['Springfield Assembly'])]
    time_zone: Annotated[str, Field(description='IANA name of the time zone of every page and file.',
                                    examples=['America/Detroit'])]
    first_weekday: Annotated[WeekdayName, Field(description='With which day a week begins.', examples=['monday'])]
    day_start: Annotated[str, Field(description='Local time at which a day begins.', examples=['06:00'])]
    version: Version

    @classmethod
    def of(cls, settings: PlantSettings) -> PlantAnswer:
        """The settings in a response."""
        return cls(name=settings.name or None, time_zone=settings.zone.key,
                   first_weekday=weekday_name(settings.first_weekday),
                   day_start=settings.day_start.strftime(Form.TIME), version=settings.version)


class LineAnswer(BaseModel):
    """A production line."""

    model_config = ConfigDict(from_attributes=True, title='ProductionLine')

    id: Annotated[int, Field(description='Id, used in addresses.', examples=[2])]
    code: Annotated[str, Field(description='A machine that SQL adds is put on the line whose code is in its name, as '
                                           '02 in Valve_02_01.', examples=['02'])]
    name: Annotated[str, Field(description='Name.', examples=['Engine Line'])]
    area: Annotated[str | None, Field(description='Its area, a chapter of the floor; null: none. The lines of an area '
                                                  'stand together.', examples=['Hall 1'])]
    position: Annotated[int, Field(description='Position among the lines.', examples=[2])]
    machines: Annotated[int, Field(description='Number of machines on it.', examples=[7])]
    version: Version


class AreaAnswer(BaseModel):
    """An area, a chapter of the floor."""

    model_config = ConfigDict(from_attributes=True, title='Area')

    name: Annotated[str, Field(description='Name: area of its lines.', examples=['Hall 1'])]
    position: Annotated[int, Field(description='Position among the areas.', examples=[1])]
    lines: Annotated[list[int], Field(description='Ids of its lines, in their order.', examples=[[2, 3]])]


class MachineTypeAnswer(BaseModel):
    """A machine type."""

    model_config = ConfigDict(from_attributes=True, title='MachineType')

    id: Annotated[int, Field(description='Id, used in addresses.', examples=[1])]
    name: Annotated[str, Field(description='Name: type of a machine.', examples=['injection_molder'])]
    icon: Icon
    machines: Annotated[int, Field(description='Number of machines of this type, retired ones included.',
                                   examples=[8])]
    version: Version


class PlantMachineAnswer(BaseModel):
    """A machine as the set-up has it; its status is in /api/machines."""

    model_config = ConfigDict(from_attributes=True, title='PlantMachine')

    id: Annotated[int, Field(description='Id, used in addresses: feed_id in /api/machines. It stays through every '
                                         'change.', examples=[10])]
    name: Annotated[str, Field(description='Name: machine_id everywhere else.', examples=['Injection_Molder_02_01'])]
    display_name: Annotated[str | None, Field(description='What pages call it; null: its name.',
                                              examples=['North molder'])]
    type: TypeName
    line_id: LineId
    line: Annotated[str | None, Field(description='Name of its line; null: not on a line.', examples=['Engine Line'])]
    position: Place
    added_at: Annotated[datetime, Field(description='When it was added, in UTC.', examples=[AT])]
    retired_at: Annotated[datetime | None, Field(description='When it left the floor; null: it is there.',
                                                 examples=[LATER])]
    has_past: Annotated[bool, Field(description='Whether it has reported or has work orders: then it can be retired, '
                                                'but not deleted.', examples=[True])]
    version: Version


class IconAnswer(BaseModel):
    """An icon that a machine type can have."""

    model_config = ConfigDict(from_attributes=True, title='Icon')

    key: Annotated[str, Field(description='Key, for the icon of a machine type.', examples=['bag_sealer'])]
    title: Annotated[str, Field(description='What people call it.', examples=['Bag sealer'])]
    version: Annotated[str | None, Field(description='Version of an uploaded one; null: the program delivers it.',
                                         examples=['5f1d09c2ab34'])]
    added_by: Annotated[str | None, Field(description='Who uploaded it; null: the program delivers it.',
                                          examples=['Mike Johnson'])]
    added_at: Annotated[datetime | None, Field(description='When, in UTC.', examples=[AT])]


class PlantChangeAnswer(BaseModel):
    """One change of the plant or of the settings of its reports."""

    model_config = ConfigDict(from_attributes=True, title='PlantChange')

    id: Annotated[int, Field(description='Id; later changes have larger ones.', examples=[17])]
    at: Annotated[datetime, Field(description='When, in UTC.', examples=[AT])]
    by: Annotated[str, Field(description='Name of the person, or the login of a change by SQL.',
                             examples=['Mike Johnson'])]
    kind: Annotated[Literal['setting', 'line', 'machine_type', 'machine', 'icon', 'person'], Field(
        description='What was changed.', examples=['machine'])]
    item_id: Annotated[int | None, Field(description='Id of the line, type, machine or person; null for others.',
                                         examples=[10])]
    item: Annotated[str | None, Field(description='Its name before the change; null for a setting.',
                                      examples=['Injection_Molder_02_01'])]
    field: Annotated[str, Field(description='Which value; added, retired or deleted: the item itself.',
                                examples=['name'])]
    old: Annotated[str | None, Field(description='The value before; null: none.', examples=['Injection_Molder_02_01'])]
    new: Annotated[str | None, Field(description='The value after; null: none.', examples=['Molder 1'])]
