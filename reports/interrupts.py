"""Ctrl-C, SIGTERM and SIGHUP end a command in order: as an exception, and not between two files of a report."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(KeyboardInterrupt):
    """The command is asked to end by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_status(self) -> int:
        """What a shell gives for it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


class _Waiting:
    """Signals that came while they had to wait; None while none has to."""

    numbers: list[int] | None = None


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it these signals raise Stopped in the main thread; one that is ignored, as under nohup, stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within it a signal waits for the end of the block."""
    _Waiting.numbers = []
    try:
        yield
    finally:
        numbers, _Waiting.numbers = _Waiting.numbers, None
    if numbers:
        raise Stopped(numbers[0])


@contextmanager
def at_most(seconds: float, last_words: Callable[[int], str]) -> Iterator[None]:
    """Within it a signal ends this process after so many seconds at the latest, with a line on the error stream.

    Stopped is raised between two steps of Python, and a library's loop may take longer than anybody wants to wait. A
    thread looks after it, so nothing should fork within.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before, ended = signal.set_wakeup_fd(theirs.fileno()), threading.Event()

    def watch() -> None:
        while heard := ours.recv(1):
            number = heard[0]
            if number in _SIGNALS and not ended.wait(seconds):
                os.write(2, f"{last_words(number)}\n".encode())
                os._exit(128 + number)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        theirs.close()
        watcher.join()
        ours.close()


def ended_at_once(command: Callable[[], object]) -> None:
    """Run a command; one that was stopped by a signal leaves without what Python does at its end.

    To take apart all that is loaded is more than a second of work, and nothing is left to be written then.
    """
    try:
        command()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code in {128 + number for number in _SIGNALS}:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code)
        raise


def name_of(number: int) -> str:
    """A signal, as a user knows it.

    >>> name_of(signal.SIGINT), name_of(signal.SIGTERM)
    ('Ctrl-C', 'SIGTERM')
    """
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def _stop(number: int, frame: FrameType | None) -> None:
    if _Waiting.numbers is None:
        raise Stopped(number)
    _Waiting.numbers.append(number)
