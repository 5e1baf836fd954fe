"""Settings that are lists of words: one text in the environment, a list in a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode


def words(value: object) -> object:
    """A variable of the environment is one text: words between spaces."""
    return tuple(value.split()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(words)]
OptionalWords = Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(words)]
