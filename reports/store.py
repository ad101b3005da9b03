"""python -m reports.store: the records of a report listed, shown, verified, and pruned of what nobody needs."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from reports.records.store import Store
from reports.staging import DAY, interrupted, spared


def main(arguments: list[str]) -> int:
    """python -m reports.store ls | show KEY | verify | prune, each with --out DIR; records live in DIR/records.

    Exit status 0; 1 when verify finds a damaged record; 2 for bad input. prune deletes the records that the folder's
    manifest does not name, without those that are younger than a day or that a living build names.
    """
    words, out = _folder(arguments)
    store = Store(out / "records")
    if not store.folder.is_dir() or not words:
        problem = "expected ls, show KEY, verify or prune" if not words else f"--out {out}: no records there"
        return _refused(problem)
    if stopped := interrupted(out):
        sys.stderr.write(f"{stopped}\n")
    verb, rest = words[0], words[1:]
    if verb == "ls" and not rest:
        return _listed(store)
    if verb == "show" and len(rest) == 1:
        return _shown(store, rest[0])
    if verb == "verify" and not rest:
        return _verify(store)
    if verb == "prune" and not rest:
        return _prune(store, out)
    return _refused(f"{' '.join(words)}: expected ls, show KEY, verify or prune")


def _listed(store: Store) -> int:
    for key in store.all_keys():
        cell = json.loads((store.folder / f"{key}.json").read_text(encoding="utf-8"))["cell"]
        _say(f"{key[:12]}  {cell['kind']:6}  {cell['cell']['task']:20}  {','.join(cell['cell']['statements'])}")
    return 0


def _shown(store: Store, start: str) -> int:
    keys = [key for key in store.all_keys() if key.startswith(start)]
    if len(keys) != 1:
        return _refused(f"show {start}: {len(keys)} records begin so; expected one")
    record = store.read(keys[0])
    shapes = {name: list(value.shape) for name, value in record.arrays.items()}
    _say(json.dumps({"key": record.key, "cell": record.cell, "facts": record.facts, "arrays": shapes}, indent=1))
    return 0


def _verify(store: Store) -> int:
    damaged = 0
    for key in store.all_keys():
        try:
            store.read(key)
        except (OSError, ValueError) as error:
            damaged += 1
            _say(str(error))
    _say(f"{sum(1 for _ in store.all_keys())} records, {damaged} damaged")
    return int(damaged > 0)


def _prune(store: Store, out: Path) -> int:
    manifest = out / "manifest.json"
    if not manifest.is_file():
        return _refused(f"{manifest}: not there, so nothing says which records are in use; build the report first")
    try:
        named = json.loads(manifest.read_bytes())
        used = {*named["records"], *named.get("study_records", ())}
    except (ValueError, TypeError, KeyError, AttributeError):
        return _refused(f"{manifest}: damaged, so nothing says which records are in use; build the report again")
    # first what is old, then who lives: a build says what it reads before it reads it
    old = [path for path in sorted(store.folder.iterdir()) if path.stem not in used and _old(path)]
    living = spared(out)
    if living is None:
        return _refused(f"--out {out}: a build is at work there and may read any record; prune when it has ended")
    unused = [path for path in old if path.stem not in living]
    for path in unused:
        path.unlink(missing_ok=True)
    _say(f"{len(unused)} files deleted")
    return 0


def _old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > DAY
    except FileNotFoundError:
        return False


def _folder(arguments: list[str]) -> tuple[list[str], Path]:
    words, out = list(arguments), Path("out")
    if "--out" in words:
        place = words.index("--out")
        out = Path(words[place + 1]) if place + 1 < len(words) else out
        del words[place : place + 2]
    return words, out


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _refused(problem: str) -> int:
    sys.stderr.write(f"reports.store: {problem}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
