"""A fault: recorded changes of the code that take one control or one rule away. Data, read from TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Self


class DoesNotApplyError(Exception):
    """A fault that cannot be made in this tree: the code has changed since it was recorded."""


@dataclass(frozen=True)
class Edit:
    """One change: in `file`, from the root of the tree, `find` stands exactly once and is replaced."""

    file: str
    find: str
    replace: str

    def applied(self, root: Path) -> str:
        """The text of the file with the fault in it. Raises DoesNotApplyError."""
        path = root / self.file
        if not path.is_file():
            raise DoesNotApplyError(f"{self.file} is not there; write the fault anew for the code as it is")
        text = path.read_text(encoding="utf-8")
        times = text.count(self.find)
        if times != 1:
            said = "is not in" if times == 0 else f"stands {times} times in"
            raise DoesNotApplyError(
                f"the text to replace {said} {self.file}; write the fault anew, so that it takes away the same thing:\n"
                f"{self.find}"
            )
        changed = text.replace(self.find, self.replace)
        if changed == text:
            raise DoesNotApplyError(f"the fault changes nothing in {self.file}")
        if path.suffix == ".py":
            try:
                compile(changed, self.file, "exec")
            except SyntaxError as error:
                raise DoesNotApplyError(f"{self.file} is no Python any more with the fault in it: {error}") from None
        return changed


@dataclass(frozen=True)
class Fault:
    """What is done to the code: `what` in words, and the changes."""

    what: str
    edits: tuple[Edit, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """From a table of TOML with `what`, and `file`, `find` and `replace` or a list of those in `edits`."""
        single = {"file", "find", "replace"}
        if set(data) == {"what", "edits"}:
            edits = data["edits"]
        elif set(data) == {"what", *single}:
            edits = [{key: data[key] for key in single}]
        else:
            raise ValueError(f"a fault has what, file, find and replace, or what and edits; not {sorted(data)}")
        if not data["what"].strip() or not edits or any(set(edit) != single for edit in edits):
            raise ValueError(f"the fault {data['what']!r} does not say what it changes")
        return cls(data["what"].strip(), tuple(Edit(**edit) for edit in edits))

    def check(self, root: Path) -> None:
        """Raises DoesNotApplyError where the fault cannot be made in the tree."""
        for edit in self.edits:
            edit.applied(root)

    @contextmanager
    def made(self, root: Path) -> Iterator[None]:
        """The tree with the fault in it, and without it afterwards. Raises DoesNotApplyError."""
        paths = {root / edit.file for edit in self.edits}
        before = {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
        try:
            for edit in self.edits:
                _write(root / edit.file, edit.applied(root))
            yield
        finally:
            for path, text in before.items():
                _write(path, text)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    if path.suffix == ".py":
        # Python knows a compiled file by time and size of its source, which two faults can have in common.
        Path(cache_from_source(str(path))).unlink(missing_ok=True)
