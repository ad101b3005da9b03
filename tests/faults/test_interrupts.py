"""Signals end a command in order, with the status that a shell expects, and never between two files of a report."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports.interrupts import Stopped, interruptible, undisturbed
from tests.faults.builds import ROOT, begun, done, gone, read, records, until, workers_of


def signalled(number: int) -> None:
    """A signal reaches a process that does something."""
    with interruptible():
        os.kill(os.getpid(), number)
        time.sleep(1)


def signalled_while_busy(reached: list[str]) -> None:
    """A signal comes inside a block that may not be disturbed."""
    with interruptible(), undisturbed():
        os.kill(os.getpid(), signal.SIGTERM)
        reached.append("the end of the block")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_an_exception_with_its_exit_status(number: int, status: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stopped:
        signalled(number)
    assert stopped.value.exit_status == status
    assert signal.getsignal(number) is before


def test_a_signal_waits_while_files_are_put_in_place() -> None:
    reached: list[str] = []
    with pytest.raises(Stopped):
        signalled_while_busy(reached)
    assert reached == ["the end of the block"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_that_does_not_listen_ends_all_the_same() -> None:
    # one call of the C library sleeps on through a signal, as a long loop of a compiled engine does
    text = (
        "import ctypes, sys, threading\nfrom reports.interrupts import at_most, interruptible\n"
        "sys.setswitchinterval(100)  # so that `ready` is said when this thread is inside the call\n"
        "with interruptible(), at_most(0.5, lambda number: f'last words on {number}'):\n"
        "    inside = threading.Event()\n"
        "    threading.Thread(target=lambda: (inside.wait(), print('ready', flush=True)), daemon=True).start()\n"
        "    libc = ctypes.CDLL(None)\n"
        "    libc.sigfillset(mask := ctypes.create_string_buffer(128))\n"
        "    libc.pthread_sigmask(2, mask, None)\n"
        "    inside.set()\n"
        "    libc.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert time.monotonic() - started < 10
    assert said == "last words on 15\n"
    assert process.returncode == 143


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_build_ends_within_five_seconds_and_says_how_to_go_on(
    tmp_path: Path, number: int, status: int, jobs: str
) -> None:
    out = tmp_path / "out"
    words = ("--profile", "quick", "--device", "cpu", "--out", str(out), "--jobs", jobs)
    assert done(*words).returncode == 0
    before = read(out)
    shutil.rmtree(out / "records")
    build = begun(*words)
    assert until(lambda: (out / "records").is_dir() and records(out) > 3, 600)
    workers = workers_of(build)
    started = time.monotonic()
    build.send_signal(number)
    _, said = build.communicate()
    assert time.monotonic() - started < 5
    assert build.returncode == status
    assert "cells are done and kept; to go on: python -m reports.build --profile quick" in said
    assert len(said.splitlines()) == 1
    assert gone(workers)
    assert read(out) == before
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == []
