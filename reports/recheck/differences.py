"""Files of a report beside the same files written again: what differs, as far down as it can be named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

from reports.judging.rows import Row
from reports.manifest import Manifest
from reports.outputs import FAILURE, digest, foreign, record_file
from reports.pages.speed import FILE_NAME as SPEED
from reports.recheck.findings import Findings
from reports.recheck.finished import read_json
from reports.records.store import Store

VERDICTS, RESULTS = "verdicts.json", "results.csv"
_DRAWN_APART = (".png", ".pgf", ".tex")  # what only `python -m reports.figures` draws


def row_differences(path: Path, again: Sequence[Row], error_level: float, unread: Mapping[str, str]) -> Iterator[str]:
    """Every way in which verdicts.json is not these rows, in any order, with inputs that are equal numbers.

    unread: by task, why its rows were not made again.
    """
    try:
        body = read_json(path)
        rows = [dict(row) for row in body["rows"]]
        named = [str(row["row_id"]) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        yield f"{path.name}: {error}" if isinstance(error, ValueError) else f"{path.name}: holds no rows"
        return
    for name, value in body.items():
        if name != "rows" and (name != "error_level" or not _equal(value, error_level)):
            yield f"{path.name}: {name} is {value!r:.80}" + (f", not {error_level!r}" if name == "error_level" else "")
    if "error_level" not in body:
        yield f"{path.name}: error_level is not there"
    expected, counted = {row.row_id: row.model_dump(mode="json") for row in again}, Counter(named)
    yield from (f"row {name}: stands {count} times" for name, count in counted.items() if count > 1)
    yield from (f"row {name}: in the records but not in {path.name}" for name in expected if name not in counted)
    for name, row in zip(named, rows, strict=True):
        if name in expected:
            yield from (f"row {name}: {text}" for text in field_differences(row, expected[name]))
        elif (why := unread.get(str(row.get("task")))) or (why := unread.get(str(row.get("bound")))):
            yield f"row {name}: could not be computed again: {why}"
        else:
            yield f"row {name}: in {path.name} but not in the records"


def field_differences(stored: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """The fields of a row that changed; an input may be written as any equal fraction."""
    for name in (*again, *(name for name in stored if name not in again)):
        before, after = stored.get(name, ...), again.get(name, ...)
        if _equal(before, after) or (name == "inputs" and _equal_inputs(before, after)):
            continue
        shown = ("nothing" if value is ... else f"{value!r:.200}" for value in (before, after))
        yield "{} was {} and is {}".format(name, *shown)


def _equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are written alike: 1 is neither True nor 1.0."""
    try:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    except TypeError:  # one of the two is not there
        return False


def _equal_inputs(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict) or one.keys() != other.keys():
        return False
    return all(_equal(value, other[name]) or _same_number(value, other[name]) for name, value in one.items())


def _same_number(one: Any, other: Any) -> bool:
    try:
        return isinstance(one, str) and len(one) < 10_000 and Fraction(one) == Fraction(other)
    except (ValueError, ZeroDivisionError):
        return False


def file_differences(out: Path, again: Path, made: Mapping[str, str]) -> Findings:
    """Every file of `made`, by path and hash, that is not the same in both folders, and what does not belong there."""
    found = Findings()
    for name in made:
        if name in (VERDICTS, SPEED) or name.startswith("records/"):
            continue
        if not (out / name).is_file():
            found.differences.append(f"{name}: is not there")
        elif digest(out / name) != made[name]:
            _differing(name, (out / name).read_bytes(), (again / name).read_bytes(), found)
    stems = {PurePosixPath(name).stem for name in made if name.startswith("figures/")}
    for name in foreign(out, made):
        path = PurePosixPath(name)
        if path.parts[0] == "figures" and path.stem in stems and path.suffix in _DRAWN_APART:
            found.notes.append(f"{name}: not of the build; python -m reports.figures draws such files")
        elif name == FAILURE:
            found.notes.append(f"{name}: a later build failed and left the report as it was")
        else:
            found.differences.append(f"{name}: is not of this report")
    return found


def _differing(name: str, stored: bytes, again: bytes, found: Findings) -> None:
    before, after = stored.splitlines(), again.splitlines()
    if name == RESULTS and before[:1] == after[:1] and sorted(before) == sorted(after):
        found.notes.append(f"{name}: the rows stand in another order")
        return
    place = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), None)
    where = min(len(before), len(after)) if place is None else place
    shown = [_around(lines, where, after if lines is before else before) for lines in (before, after)]
    found.differences.append(
        f"{name}: is not what plan, claims and records give; line {where + 1} is {shown[0]} and would be {shown[1]}"
    )


def _around(lines: Sequence[bytes], where: int, others: Sequence[bytes]) -> str:
    """A line, or the part of a long one where it begins to be another."""
    if where >= len(lines):
        return "nothing"
    line, other = lines[where], others[where] if where < len(others) else b""
    start = next((at for at, (one, two) in enumerate(zip(line, other, strict=False)) if one != two), len(other))
    text = line[max(0, start - 20) : start + 60].decode("utf-8", "replace")
    return repr(text if text.isprintable() else "binary")


def manifest_differences(stored: Manifest, again: Manifest) -> Iterator[str]:
    """The fields in which a manifest is not the one that the report gives, without hashes and without what is apart."""
    before, after = stored.model_dump(mode="json"), again.model_dump(mode="json")
    for name in (name for name in before if name not in ("where", "outputs", "contents")):
        if _equal(before[name], after[name]):
            continue
        if isinstance(before[name], dict) and isinstance(after[name], dict):
            keys = {*before[name], *after[name]}
            changed = sorted(key for key in keys if before[name].get(key, ...) != after[name].get(key, ...))
            yield f"manifest.json: {name} is another for {', '.join(changed[:3])}{' ...' * (len(changed) > 3)}"
        elif isinstance(before[name], list):
            yield f"manifest.json: {name} has {len(before[name])} entries that are not the {len(after[name])} expected"
        else:
            yield f"manifest.json: {name} is {before[name]!r:.100}, not {after[name]!r:.100}"


def hash_differences(out: Path, stored: Mapping[str, str], made: Mapping[str, str]) -> Findings:
    """Every output whose hash in the manifest is neither that of the file written again nor that of the one in OUT.

    An array that no row uses may be another: what is read off a record was made again.
    """
    found = Findings()
    for name in sorted({*stored, *made}):
        if name.startswith("records/"):
            continue
        if name not in made:
            found.differences.append(f"manifest.json: outputs has {name}, which is not of this report")
        elif name not in stored:
            found.differences.append(f"manifest.json: outputs lacks {name}")
        elif stored[name] not in (made[name], digest(out / name) if (out / name).is_file() else ""):
            found.differences.append(
                f"{name}: changed since the page was made from it; build the report again"
                if name == SPEED
                else f"manifest.json: outputs has another hash for {name}"
            )
    return found


def record_differences(store: Store, key: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """In which way a record is not the file whose hash the build noted, in a line."""
    if (name := record_file(key)) not in outputs:
        yield f"manifest.json: outputs lacks record {key}"
    elif digest(store.path(key)) != outputs[name]:
        store.read(key)  # says more of a damaged one
        yield f"record {key}: its facts or arrays are not those of the build"
