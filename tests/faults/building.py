"""A report built by a command of its own, and what is asked of the folder that it leaves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reports.forging import record_paths

ROOT = Path(__file__).resolve().parents[2]
# some statements of the quick profile: cells of all three kinds, and a tenth of its time
ASKED = "S4,S5,T2"


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    status: int
    said: list[str]
    complained: list[str]


def started(out: Path, *words: str, only: str = ASKED) -> subprocess.Popen[str]:
    """A build on its way, in two processes."""
    asked = ["--profile", "quick", "--only", only, "--device", "cpu", "--jobs", "2", "--out", str(out)]
    command = [sys.executable, "-m", "reports.build", *asked, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def ended(process: subprocess.Popen[str]) -> Done:
    said, complained = process.communicate(timeout=600)
    return Done(process.returncode, said.splitlines(), complained.splitlines())


def build(out: Path, *words: str, only: str = ASKED) -> Done:
    return ended(started(out, *words, only=only))


def command(module: str, *words: str) -> Done:
    return ended(
        subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
    )  # fmt: skip


def report(out: Path) -> dict[str, str]:
    """The hash of every file of a report, but of the manifest and the times, which say when and how it was made."""
    paths = (path for path in sorted(out.rglob("*")) if path.is_file())
    named = {path.relative_to(out).as_posix(): path for path in paths}
    apart = ("manifest.json", "failure.txt", "timings.jsonl")
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named.items()
        if name not in apart and not name.startswith("records/damaged/")
    }


def stamps(out: Path) -> dict[Path, int]:
    """When each record was written, or whatever stands in its place."""
    return {path: path.lstat().st_mtime_ns for path in record_paths(out)}


def is_whole(out: Path) -> None:
    """One report and nothing beside it: no hidden file, every record whole, and made again it is the same."""
    assert [path for path in out.rglob(".*") if path.name.startswith(".")] == []
    verified = command("reports.store", "verify", "--out", str(out))
    assert (verified.status, verified.complained) == (0, [])
    checked = command("reports.build", "--check", "--out", str(out), "--jobs", "2")
    assert (checked.status, checked.complained) == (0, [])


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A file system of its own in memory; where that is not allowed the test is skipped."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mount is not allowed here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
