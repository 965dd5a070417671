"""Imports of sheets in responses of the REST interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from ...plant.plant_sheet import SheetKind
from ...plant.sheet_plan import RowOutcome, RowPlan, SheetPlan
from ...plant.sheet_undo import UndoOutcome, UndoPlan
from .fields import AT, LATER

Kind = Annotated[SheetKind, Field(description='What the rows are.', examples=['machines'])]
Count = Annotated[int, Field(description='How many.', examples=[12])]


class RowAnswer(BaseModel):
    """What happens to the machine or person of a row."""

    model_config = ConfigDict(from_attributes=True, title='SheetRow')

    number: Annotated[int, Field(description='Number of the row; the heading is 1.', examples=[2])]
    name: Annotated[str, Field(description='Name of the machine, or e-mail address.', examples=['Press 1'])]
    outcome: Annotated[RowOutcome, Field(description='What happens.', examples=['changed'])]
    details: Annotated[str, Field(description='What changes, or why the row is refused.',
                                  examples=['line from none to Hall A'])]
    notes: Annotated[list[str], Field(description='How the row was read.',
                                      examples=[['spaces around machine are left out']])]


class SheetPlanAnswer(BaseModel):
    """What a sheet changes."""

    model_config = ConfigDict(title='SheetPlan')

    kind: Kind
    dry_run: Annotated[bool, Field(description='true: nothing was changed.', examples=[True])]
    new: Count
    changed: Count
    unchanged: Count
    refused: Count
    new_lines: Annotated[list[str], Field(description='Lines that are added.', examples=[['Hall A']])]
    new_types: Annotated[list[str], Field(description='Machine types that are added.', examples=[['press']])]
    rows: Annotated[list[RowAnswer], Field(description='Every row of the sheet.')]

    @classmethod
    def of(cls, plan: SheetPlan[RowPlan], *, dry_run: bool) -> Self:
        """The response for a plan."""
        counts = {outcome.value: len(plan.of(outcome)) for outcome in RowOutcome}
        return cls(kind=plan.layout.kind, dry_run=dry_run, **counts, new_lines=list(plan.new_lines),
                   new_types=list(plan.new_types), rows=[RowAnswer.model_validate(row) for row in plan.rows])


class PastImportAnswer(BaseModel):
    """An import that changed something."""

    model_config = ConfigDict(from_attributes=True, title='SheetImport')

    id: Annotated[int, Field(description='Id; later imports have larger ones.', examples=[3])]
    kind: Kind
    at: Annotated[datetime, Field(description='When, in UTC.', examples=[AT])]
    by: Annotated[str, Field(description='Who.', examples=['Mike Johnson'])]
    file_name: Annotated[str, Field(description='Empty for a text that was pasted.', examples=['plant.csv'])]
    added: Count
    changed: Count
    unchanged: Count
    undone_at: Annotated[datetime | None, Field(description='When it was undone; null: it was not.', examples=[LATER])]
    undone_by: Annotated[str | None, Field(description='Who undid it; null: nobody.', examples=['Mike Johnson'])]
    is_last: Annotated[bool, Field(description='Whether it is the one that can be undone.', examples=[True])]


class UndoStepAnswer(BaseModel):
    """What an undo does to a machine, a person or a line."""

    model_config = ConfigDict(from_attributes=True, title='UndoStep')

    name: Annotated[str, Field(description='Name of the machine, person or line.', examples=['Press 1'])]
    outcome: Annotated[UndoOutcome, Field(description='What happens.', examples=['deleted'])]
    details: Annotated[str, Field(description='What is changed back, or why it is not deleted.',
                                  examples=['line from Hall B to Hall A'])]


class UndoPlanAnswer(BaseModel):
    """What an undo takes back."""

    model_config = ConfigDict(title='UndoPlan')

    dry_run: Annotated[bool, Field(description='true: nothing was changed.', examples=[True])]
    steps: Annotated[list[UndoStepAnswer], Field(description='What happens.')]
    obstacles: Annotated[list[str], Field(
        description='What was changed since the import and would be lost: with any, it cannot be undone.',
        examples=[['Press 1 was changed since (type from press to mill)']])]

    @classmethod
    def of(cls, plan: UndoPlan, *, dry_run: bool) -> Self:
        """The response for a plan."""
        return cls(dry_run=dry_run, steps=[UndoStepAnswer.model_validate(step) for step in plan.steps],
                   obstacles=list(plan.obstacles))
