"""Compiling the proofs: the order comes from what each file requires, independent files at the same time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

INSTALL = "apt-get install --no-install-recommends coq"
_REQUIRE = re.compile(r"^(?:Require(?: Import| Export)?)\s+([^.]*)\.", re.MULTILINE)
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ProofError(Exception):
    """A file that Coq refuses, with what it says."""

    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


def requirements(sources: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The files of the same folder that each file requires.

    >>> found = requirements({"A.v": "Require Import Reals.", "B.v": "Require Import Reals A."})
    >>> sorted(found["A.v"]), sorted(found["B.v"])
    ([], ['A.v'])
    """
    return {
        name: frozenset(f"{word}.v" for found in _REQUIRE.findall(text) for word in found.split()) & sources.keys()
        for name, text in sources.items()
    }


def dependents(sources: Mapping[str, str], changed: str) -> frozenset[str]:
    """A file and all that require it, directly or through others.

    >>> sorted(dependents({"A.v": "", "B.v": "Require A.", "C.v": "Require B.", "D.v": ""}, "A.v"))
    ['A.v', 'B.v', 'C.v']
    """
    needs, found = requirements(sources), {changed}
    while more := {name for name, used in needs.items() if used & found} - found:
        found |= more
    return frozenset(found)


def installed(program: str = "coqc") -> bool:
    """Whether a program of Coq is on the path."""
    return shutil.which(program) is not None


def compile_file(folder: Path, name: str) -> str:
    """Compile one file of a folder whose requirements are compiled; what Coq printed.

    Raises:
        ProofError: Coq refuses the file.
    """
    command = ["coqc", "-q", "-R", str(folder), "Theory", str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise ProofError(name, (done.stderr or done.stdout).strip())
    return done.stdout


def build(folder: Path, sources: Mapping[str, str], only: frozenset[str], report: Report = lambda *_: None) -> None:
    """Compile these files of a folder that holds the sources, each after those that it requires.

    Raises:
        ProofError: the first file that Coq refuses; nothing further is started.
    """
    waiting = {name: needs & only for name, needs in requirements(sources).items() if name in only}
    running: dict[Future[str], str] = {}
    done: set[str] = set()
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1)) as pool:
        while waiting or running:
            for name in [name for name, needs in waiting.items() if needs <= done]:
                running[pool.submit(compile_file, folder, name)] = name
                del waiting[name]
            if not running:
                raise ProofError(min(waiting), "requires itself, directly or through others")
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                done.add(running.pop(future))
                try:
                    future.result()
                except ProofError:
                    pool.shutdown(cancel_futures=True)
                    raise
            report(len(done), len(only), max(done))
