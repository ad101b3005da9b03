"""python -m benchmarks.gpu: one command that judges the suite on a GPU within some minutes, and writes as it goes.

It needs torch, NumPy and SciPy; a machine that lacks other packages is judged as far as it goes.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from benchmarks.gpu.stage import Stage

_BAD_INPUT, _FAILED, _INTERRUPTED = 2, 3, 130
_LONGEST = 600  # minutes


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit status 2."""
        _say(f"{self.prog}: {message}")
        sys.exit(_BAD_INPUT)


def main(arguments: Sequence[str]) -> int:
    """The exit status of the command."""
    parser = _Parser(
        prog="benchmarks.gpu",
        description="Facts, tests, agreement with the CPU, a report on both devices, speed beside peers, scale.",
        epilog="Exit status 0: all right; 1: something disagrees; 2: bad input; 3: a stage failed inside or had too "
        "little time.",
    )
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a rehearsal at small sizes")
    parser.add_argument("--minutes", type=float, default=8.0, help="time of all stages together (8)")
    parser.add_argument("--stage", action="append", help="facts, tests, agreement, report, speed, scale")
    parser.add_argument("--json", type=Path, default=Path("out/gpu.json"), help="file of results, written as they come")
    given = parser.parse_args(arguments)
    try:
        return _judged(given, parser, arguments)
    except ImportError as error:
        _say(f"benchmarks.gpu: {error}: without it nothing can be judged")
        return _FAILED


def _judged(given: argparse.Namespace, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """The exit status of a command line that was read."""
    if not 0 < given.minutes <= _LONGEST:
        parser.error(f"--minutes {given.minutes}: expected a number > 0 and <= {_LONGEST}")
    try:
        unfit = given.json.exists() and not given.json.is_file()
    except OSError as error:
        parser.error(f"--json {given.json}: {error.strerror}")
    if unfit:
        parser.error(f"--json {given.json}: is no file; name one")
    stages, device = _stages(given.stage, parser), _device(given.device, parser)
    from benchmarks.gpu.judgement import Judgement

    command = ["python", "-m", "benchmarks.gpu", *arguments]
    judgement = Judgement(stages, device, given.minutes, given.json, command, _say)
    try:
        judgement.begin()
    except OSError as error:
        parser.error(f"--json {given.json}: cannot be written: {error}")
    for name in ("SIGTERM", "SIGHUP"):  # end the children as Ctrl-C does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        status = judgement.run()
    except KeyboardInterrupt:
        _say(f"benchmarks.gpu: interrupted; {given.json} has what was found")
        return _INTERRUPTED
    _say(f"{given.json}: {', '.join(f'{one.stage.name} {one.status}' for one in judgement.accounts)}")
    return status


def _stages(names: list[str] | None, parser: argparse.ArgumentParser) -> Sequence[Stage]:
    from benchmarks.gpu.stages import STAGES

    asked = [one.strip() for entry in names or [] for one in entry.split(",") if one.strip()]
    known = [one.name for one in STAGES]
    unknown = [one for one in asked if one not in known]
    if unknown or (names is not None and not asked):
        parser.error(f"--stage {','.join(unknown)}: expected names among {', '.join(known)}")
    return [one for one in STAGES if not asked or one.name in asked]


def _device(name: str, parser: argparse.ArgumentParser) -> str:
    import empirics

    try:
        return str(empirics.device(name))
    except ValueError as error:
        parser.error(f"--device {name}: {error}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
