"""Responses of the REST interface about reports: models made from the columns of the tables, and rows for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from ...analytics import DEFINITIONS, Kpi, KpiDefinition, Unit
from ...analytics.report_tables import (
    GROUP_COLUMNS,
    INTERVAL_COLUMNS,
    STOP_COLUMNS,
    Cell,
    Kind,
    ReportColumn,
    ReportTable,
)
from ...analytics.row_labels import labelled

TYPES: dict[Kind, type] = {
    Kind.TEXT: str, Kind.COUNT: int, Kind.NUMBER: float, Kind.SECONDS: float, Kind.SHARE: float, Kind.YES: bool,
    Kind.MOMENT: datetime, Kind.DAY: date, Kind.HOUR: int}
UNITS = {Kind.SECONDS: ' In seconds.', Kind.SHARE: ' From 0 to 1.'}


def model_of(title: str, description: str, columns: tuple[ReportColumn, ...]) -> type[BaseModel]:
    """A model with a field for each column. title: its name in the OpenAPI description."""
    fields: dict[str, Any] = {column.key: _field(column) for column in columns}
    return create_model(title, __config__=ConfigDict(title=title), __doc__=description, **fields)


def _field(column: ReportColumn) -> Any:
    null = f' Null: {column.if_null}.' if column.if_null else ''
    kind: Any = TYPES[column.kind]
    described = Field(description=f'{column.meaning}{UNITS.get(column.kind, "")}{null}', examples=[column.example])
    return Annotated[kind | None if column.if_null else kind, described], ...


def rows_of(table: ReportTable) -> list[dict[str, Cell]]:
    """The rows of a table with the names of their columns."""
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in table.rows]


StopAnswer = model_of('Stop', 'A stop of a machine, from entering down until leaving it.', labelled(STOP_COLUMNS))
IntervalAnswer = model_of('Interval', 'One status and reason of a machine, cut at the ends of the window.',
                          labelled(INTERVAL_COLUMNS))
KpiAnswer = model_of('Kpis', 'The KPIs of a machine, a line or the floor.', GROUP_COLUMNS)


class CountsAnswer(BaseModel):
    """What a machine made in a minute, as its feeds count it."""

    model_config = ConfigDict(from_attributes=True, title='Counts')

    minute: Annotated[datetime, Field(description='When it began.', examples=['2026-03-02T06:31:00Z'])]
    good: Annotated[int, Field(description='Good parts.', examples=[3])]
    reject: Annotated[int, Field(description='Rejected parts.', examples=[0])]
    cycles: Annotated[int, Field(description='Cycles, whatever they made.', examples=[3])]


class KpiDefinitionAnswer(BaseModel):
    """What a KPI means."""

    model_config = ConfigDict(from_attributes=True, title='KpiDefinition')

    kpi: Annotated[Kpi, Field(description='Name of the field in /api/reports/kpis.', examples=['mttr'])]
    name: Annotated[str, Field(description='Name on pages and in files.', examples=['MTTR'])]
    title: Annotated[str, Field(description='What it is, in a few words.', examples=['Mean time to repair'])]
    unit: Annotated[Unit, Field(description='share: from 0 to 1.', examples=['seconds'])]
    formula: Annotated[str, Field(description='How it is computed.', examples=[DEFINITIONS[Kpi.MTTR].formula])]
    source: Annotated[str, Field(description='Standard or practice that the formula is from.',
                                 examples=['reliability practice'])]
    better: Annotated[Literal['higher', 'lower'], Field(description='Which values are better for the plant.',
                                                        examples=['lower'])]
    least: Annotated[int, Field(description='So many stops each of two windows needs before one is called better.',
                                examples=[8])]


def definitions() -> list[KpiDefinition]:
    """Of all KPIs, in the order of cards and tables."""
    return list(DEFINITIONS.values())
