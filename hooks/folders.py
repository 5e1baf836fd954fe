"""The files of folders that are read, and a name for everything in them that is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hooks.console import UsageError

ENDINGS = (".json", ".ndjson", ".gz")
"""The files of a folder that `check` reads."""
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(slots=True)
class Folders:
    """Folders while they are walked, each once. `endings`: of the files that are read. `lost`: what has the name of
    one of those, and cannot be read; `not_read`: files with other endings. Links to folders are not followed: they can
    lead in a circle, or anywhere."""

    endings: tuple[str, ...] = ENDINGS
    lost: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    _walked: set[str] = field(default_factory=set)
    _links: list[Path] = field(default_factory=list)

    def every(self, paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
        """Each file once, those named and those of the folders named, with whether it was named itself. Raises
        UsageError where a path cannot be entered, with all that cannot."""
        every = list(paths)
        absent = [f"{path}: {fault}" for path in every if (fault := _absent(path))]
        if absent:
            raise UsageError("\n".join(absent))
        seen: set[str] = set()
        for path in every:
            is_folder = path.is_dir()
            for file in self.files(path) if is_folder else (path,):
                # unlike Path.resolve, this takes links that lead in a circle
                real = os.path.realpath(file)
                if real not in seen:
                    seen.add(real)
                    yield file, not is_folder

    def files(self, folder: Path) -> Iterator[Path]:
        """The files to read, folder by folder, in order of name."""
        for root, folders, names in os.walk(folder, onerror=self._unreadable):
            folders.sort()
            self._walked.add(os.path.realpath(root))
            self._links += [link for name in folders if (link := Path(root, name)).is_symlink()]
            for name in sorted(names):
                path = Path(root, name)
                if not name.lower().endswith(self.endings):
                    self.not_read.append(str(path))
                elif fault := _fault(path):
                    self.lost.append(f"{path}: {fault}; not read")
                else:
                    yield path

    def links_elsewhere(self) -> list[str]:
        """The links to folders that were not read in their own place; complete once all folders are walked."""
        return [
            f"{link}: is a link to another folder, which is not followed; name that folder itself"
            for link in dict.fromkeys(self._links)
            if os.path.realpath(link) not in self._walked
        ]

    def _unreadable(self, error: OSError) -> None:
        self.lost.append(f"{error.filename}: the folder cannot be read ({error.strerror})")


def _absent(path: Path) -> str:
    """Why there is nothing at a path; empty where there is."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "there is no such file or folder; correct the path"
    except OSError as error:
        return f"cannot be entered ({error.strerror}); correct the path, or the rights to it"
    return ""


def _fault(path: Path) -> str:
    """Why a path is no file that can be read to an end; empty for a file and for a link to one."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if kind == stat.S_IFREG else f"is {_KINDS.get(kind, 'something else')}, not a file"
