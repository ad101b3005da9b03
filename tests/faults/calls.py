"""What workers are asked for in these tests; functions of a module, so that other processes find them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def nap(seconds: float, value: object = None) -> object:
    time.sleep(seconds)
    return value


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_until(file: Path, times: int) -> int:
    """Die so often, each time one letter longer in a file, then give how often that was."""
    with file.open("a") as text:
        text.write("x")
    if len(file.read_text()) <= times:
        die()
    return times


def lost(why: str, host: str) -> str:
    """What stands for a result that never came."""
    return f"{why} (on {host})"


def environment(name: str, seconds: float) -> str | None:
    """What a variable of the environment is where this runs, and time for another process to run it too."""
    time.sleep(seconds)
    return os.environ.get(name)


def mine(seconds: float) -> int:
    """Who ran it."""
    time.sleep(seconds)
    return os.getpid()
