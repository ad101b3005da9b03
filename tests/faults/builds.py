"""Builds as processes of their own, and what they leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
# what a schedule may not change; the manifest says how it was computed
SAME = ("verdicts.json", "results.csv", "index.html", "curves.csv", "suite.json")
TINY = """title = "Tiny"
[[tasks]]
name = "q"
factory = "quadratic"
arguments = { n = 4, noise = { gradient = 0.25 } }
[[points]]
task = "q"
alpha_L = "1/4"
nu = [1, 2]
statements = ["S4", "S1"]
[[runs]]
task = "q"
mode = ["exact", "stochastic"]
D = 2
D_prime = 2
D_H = 2
alpha_L = "1/16"
nu = [1, 2]
tau = 1
fraction = "1/2"
rounds = 5
replicas = 16
statements = ["T2"]
"""
TINY_CELLS = 6
TINY_ONLY = ("--only", "S1,S4,T2", "--device", "cpu")  # cut down: no suite beside the cells


def tiny(folder: Path) -> Path:
    """A plan of six cells that take a moment."""
    plan = folder / "tiny.toml"
    plan.write_text(TINY)
    return plan


def begun(*arguments: str) -> subprocess.Popen[str]:
    """A build that is under way, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "reports.build", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip


def done(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A build from beginning to end."""
    build = begun(*arguments)
    out, err = build.communicate()
    return subprocess.CompletedProcess(arguments, build.returncode, out, err)


def read(out: Path) -> dict[str, bytes]:
    """What is the same however a report was computed."""
    return {name: (out / name).read_bytes() for name in SAME}


def records(out: Path) -> int:
    """How many cells are kept."""
    return len(list((out / "records").glob("??/*.npz")))


def workers_of(build: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that a build has started."""
    return psutil.Process(build.pid).children(recursive=True)


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them lives."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)
