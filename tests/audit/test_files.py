"""The bytes of files, however packed, in whole lines: nothing twice, nothing left out."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cds.audit import files
from cds.audit.files import BrokenFileError, InputFile, blocks

CONTENT = b"".join(b'{"id":"%d"}\n' % number for number in range(5000))


def written(folder: Path, name: str, content: bytes) -> InputFile:
    path = folder / name
    path.write_bytes(content)
    return InputFile.of(path)


def read(file: InputFile, start: int = 0, end: int | None = None) -> bytes:
    whole = b""
    for block in blocks(file, start, end):
        assert not whole or whole.endswith(b"\n")
        whole += block.content
    return whole


PACKED = {
    "a.ndjson": CONTENT,
    "a.ndjson.gz": gzip.compress(CONTENT),
    "two.ndjson.gz": gzip.compress(CONTENT[:20]) + gzip.compress(CONTENT[20:]) + b"\0\0",
    "a.ndjson.zst": zstandard.compress(CONTENT),
    "two.ndjson.zst": zstandard.compress(CONTENT[:20]) + zstandard.compress(CONTENT[20:]),
    # by its first bytes, not by its name
    "named-wrongly.ndjson": gzip.compress(CONTENT),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_file_is_unpacked(name: str, tmp_path: Path) -> None:
    assert read(written(tmp_path, name, PACKED[name])) == CONTENT


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a.ndjson.gz", "the gzip data is cut short"), ("a.ndjson.zst", "the zstandard data is cut short")],
)
def test_of_a_file_that_is_cut_short_the_whole_lines_are_read(name: str, reason: str, tmp_path: Path) -> None:
    file = written(tmp_path, name, PACKED[name][: len(PACKED[name]) // 2])
    good: list[bytes] = []
    with pytest.raises(BrokenFileError, match=reason) as broken:
        good.extend(block.content for block in blocks(file))
    assert CONTENT.startswith(b"".join(good))
    assert broken.value.offset == len(b"".join(good))


def test_a_damaged_member_ends_a_file(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT)
    file = written(tmp_path, "a.gz", packed + b"no gzip")
    with pytest.raises(BrokenFileError, match="the gzip data is damaged"):
        read(file)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.booleans(), st.lists(st.integers(0, 200), max_size=4))
def test_parts_of_a_file_hold_each_line_once(lengths: list[int], ended: bool, cuts: list[int]) -> None:
    content = b"\n".join(b"x" * length for length in lengths) + (b"\n" if ended else b"")
    with TemporaryDirectory() as folder:
        file = written(Path(folder), "a", content)
        bounds = [0, *sorted({cut for cut in cuts if 0 < cut < len(content)}), len(content)]
        parts = [read(file, start, end) for start, end in pairwise(bounds)]
    assert b"".join(parts) == content
    assert all(part.endswith(b"\n") or not part or content.endswith(part) for part in parts)


@pytest.mark.parametrize("bounds", [(0, None), (0, 40), (40, None), (3, 90)])
def test_small_blocks_say_the_same(
    bounds: tuple[int, int | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"aaaa\nbb\n\n" + b"c" * 30 + b"\nddd\n" + b"e" * 50 + b"\nf"
    file = written(tmp_path, "a", content)
    expected = read(file, *bounds)
    monkeypatch.setattr(files, "BLOCK", 7)
    assert read(file, *bounds) == expected


def test_a_line_without_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK", 10)
    monkeypatch.setattr(files, "LONGEST_LINE", 25)
    file = written(tmp_path, "a", b"first\n" + b"x" * 100 + b"\nlast\n")
    assert [(block.offset, block.content, block.too_long) for block in blocks(file)] == [
        (0, b"first\n", False),
        (6, b"", True),
        (107, b"last\n", False),
    ]


def test_a_file_that_changes_is_not_read_on(tmp_path: Path) -> None:
    file = written(tmp_path, "a", CONTENT)
    reading = blocks(file)
    assert next(reading).content
    Path(file.path).write_bytes(CONTENT + b"more\n")
    with pytest.raises(BrokenFileError, match="changed while it was read"):
        list(reading)
    with pytest.raises(BrokenFileError, match="has changed since"):
        list(blocks(file))


def test_a_file_that_is_gone_is_named_as_such(tmp_path: Path) -> None:
    file = written(tmp_path, "a", CONTENT)
    Path(file.path).unlink()
    with pytest.raises(BrokenFileError, match=r"cannot be read \(No such file"):
        list(blocks(file))
