"""The guides do what they say: their files and commands, run outside the packages, lead to the rows they promise.

Of the fenced blocks of docs/how-to/*.md, one whose first line is a comment with a file name is that file, and each line
of a `console` block is a command, which ends with status 0 unless it says `# exits with N`. A line of any block that is
a row and a verdict is a promise about a report in the same folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDES = sorted((ROOT / "docs/how-to").glob("*.md"))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")
_STATUS = re.compile(r"# exits with (\d+)")
_ROW = re.compile(r"^([\w'.-]+:\S+) +(HOLDS|VIOLATED|VACUOUS|NOT_APPLICABLE|INCONCLUSIVE)$", flags=re.MULTILINE)


def run(command: str, folder: Path) -> None:
    words = command.removeprefix("$ ").replace("python ", f"{sys.executable} ", 1)
    status = int(found[1]) if (found := _STATUS.search(command)) else 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"


def followed(guide: str, folder: Path) -> None:
    """Write the files and run the commands, in the order of the guide."""
    for kind, text in _BLOCK.findall(guide):
        if name := _FILE.match(text):
            place = folder / name[1]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        elif kind == "console":
            for command in text.splitlines():
                run(command, folder)


def promised(guide: str) -> set[tuple[str, str]]:
    return {row for _, text in _BLOCK.findall(guide) for row in _ROW.findall(text)}


def reported(folder: Path) -> set[tuple[str, str]]:
    files = folder.rglob("verdicts.json")
    return {(row["row_id"], row["verdict"]) for file in files for row in json.loads(file.read_bytes())["rows"]}


_LONG = {"add-a-task", "run-a-long-sweep", "use-your-own-data"}  # they build whole reports several times
_MARKED = [pytest.param(path, marks=[pytest.mark.slow] if path.stem in _LONG else [], id=path.stem) for path in GUIDES]


@pytest.mark.parametrize("path", _MARKED)
def test_a_guide_leads_to_the_rows_that_it_promises(path: Path, tmp_path: Path) -> None:
    guide = path.read_text(encoding="utf-8")
    followed(guide, tmp_path)
    assert promised(guide)
    assert promised(guide) <= reported(tmp_path), reported(tmp_path)


TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))
_QUICK = {"constants"}  # the others run or search for a minute each


@pytest.mark.parametrize(
    "path", [pytest.param(one, marks=[pytest.mark.slow] * (one.stem not in _QUICK), id=one.stem) for one in TUTORIALS]
)
def test_a_tutorial_runs_from_its_first_line_to_its_last(path: Path, tmp_path: Path) -> None:
    followed(path.read_text(encoding="utf-8"), tmp_path)


def test_there_is_a_tutorial_for_each_reader() -> None:
    assert {path.stem for path in TUTORIALS} == {"a-bound", "constants", "a-model-and-data", "figures"}


def test_a_command_that_ends_otherwise_is_seen(tmp_path: Path) -> None:
    run("python -c 'raise SystemExit(1)'   # exits with 1", tmp_path)
    with pytest.raises(AssertionError, match="no such place"):
        run("python -c 'raise ValueError(\"no such place\")'", tmp_path)


def test_a_row_that_does_not_appear_is_seen(tmp_path: Path) -> None:
    guide = "```toml\n# out/verdicts.json\n```\n```text\nT2:a  HOLDS\nnot a row\n```\n"
    assert promised(guide) == {("T2:a", "HOLDS")}
    (tmp_path / "verdicts.json").write_text('{"rows": [{"row_id": "T2:a", "verdict": "VACUOUS"}]}')
    assert not promised(guide) <= reported(tmp_path)
