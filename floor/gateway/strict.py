"""What the models of gateway.yaml share: unknown keys are refused with the nearest name; secrets; paths."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from .errors import GatewayConfigError

UNKNOWN_KEY = 'unknown_key'
"""The type of the error of a key that does not exist; its ctx has the key."""
FOLDER = 'folder'
"""In the context of a validation: the folder of the file, for relative paths."""
NEEDS_POINTS = 'needs_points'
"""In the context of a validation: false if a source may have no points, because they are to be found out."""

MAX_SHOWN = 60
"""Characters of a word that an error repeats."""


class OddNumber(int):
    """A whole number that is not written as Python writes it, such as 0047, 1_000, 0x1F or 0o17. As a number it is as
    good as any; as a text it would not be what somebody wrote."""

    written: str

    def __new__(cls, value: int, written: str) -> Self:
        """written: its text in the file."""
        number = super().__new__(cls, value)
        number.written = written
        return number


class Strict(BaseModel):
    """Refuses keys that it does not know, and says which there are."""

    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    @model_validator(mode='before')
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            allowed = [field.alias or name for name, field in cls.model_fields.items()]
            for key in value:
                if key not in allowed:
                    raise PydanticCustomError(UNKNOWN_KEY, '{sentence}', {
                        'key': key, 'sentence': f'there is no key {shortened(key)!r} here{nearest(str(key), allowed)}'})
        return value


def shortened(word: object) -> str:
    """A word as an error shows it."""
    text = str(word)
    return text if len(text) <= MAX_SHOWN else f'{text[:MAX_SHOWN]}…'


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The end of a sentence that refuses a word: the nearest allowed one, and all."""
    words = [str(each) for each in allowed]
    near = difflib.get_close_matches(word[:MAX_SHOWN].lower(), words, 1, 0.6)
    return (f'; did you mean {near[0]!r}?' if near else '.') + f' Allowed: {", ".join(words)}'


def from_folder(value: Any, info: ValidationInfo) -> Any:
    """A path in the file is relative to the folder of the file."""
    return Path((info.context or {}).get(FOLDER, '.'), value).expanduser() if isinstance(value, str | Path) else value


FilePath = Annotated[Path, BeforeValidator(from_folder)]


class Secret(Strict):
    """A token or a password: in an environment variable, or in a file that only its owner may read."""

    env: str | None = None
    file: FilePath | None = None

    @model_validator(mode='before')
    @classmethod
    def _not_in_the_file(cls, value: Any) -> Any:
        if isinstance(value, str | int):
            raise PydanticCustomError('literal_secret', 'a secret is not written into this file: put it into an '
                                      'environment variable (env: NAME) or a file with mode 600 (file: PATH)')
        return value

    @model_validator(mode='after')
    def _one_of_them(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise PydanticCustomError('secret_source', 'give one of env (the name of an environment variable) and '
                                      'file (a path)')
        return self

    def read(self) -> str:
        """The secret, without white space around it.

        :raises GatewayConfigError: it is not set, not readable, empty, or others may read the file
        """
        if self.env is not None:
            if not (secret := os.environ.get(self.env, '').strip()):
                raise GatewayConfigError(f'the environment variable {self.env} is not set or empty')
            return secret
        assert self.file is not None  # noqa: S101 (_one_of_them)
        try:
            if stat.S_IMODE(self.file.stat().st_mode) & 0o077:
                raise GatewayConfigError(f'others may read {self.file}: chmod 600 {self.file}')
            secret = self.file.read_text(encoding='utf-8').strip()
        except (OSError, UnicodeDecodeError) as error:
            raise GatewayConfigError(f'{self.file} cannot be read: {error}') from error
        if not secret:
            raise GatewayConfigError(f'{self.file} is empty')
        return secret
