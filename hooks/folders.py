"""The files of folders that are read, and a name for everything in them that is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENDINGS = (".json", ".ndjson", ".gz")
"""The files of a folder that are read."""
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(slots=True)
class Folders:
    """Folders while they are walked, each once. `lost`: what has the name of a file that is read, and cannot be;
    `not_read`: files with other endings. Links to folders are not followed: they can lead in a circle, or anywhere."""

    lost: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    _walked: set[str] = field(default_factory=set)
    _links: list[Path] = field(default_factory=list)

    def files(self, folder: Path) -> Iterator[Path]:
        """The files to read, folder by folder, in order of name."""
        for root, folders, names in os.walk(folder, onerror=self._unreadable):
            folders.sort()
            self._walked.add(os.path.realpath(root))
            self._links += [link for name in folders if (link := Path(root, name)).is_symlink()]
            for name in sorted(names):
                path = Path(root, name)
                if not name.lower().endswith(ENDINGS):
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


def _fault(path: Path) -> str:
    """Why a path is no file that can be read to an end; empty for a file and for a link to one."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if kind == stat.S_IFREG else f"is {_KINDS.get(kind, 'something else')}, not a file"
