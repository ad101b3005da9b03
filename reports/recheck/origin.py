"""Where a report comes from: the folder, the versions and the plan that it names, beside those that are here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reports.analyses.cells_for_forms import with_cells_for
from reports.manifest import Manifest, made_here
from reports.plans.own_data import with_own_data
from reports.plans.own_task import with_own_task
from reports.plans.plan import Plan, PlanError, load_plan, plan_names
from reports.recheck.findings import Findings
from reports.recheck.finished import Finished
from reports.refusal import RefusedError
from reports.request import cut_down
from reports.tasks.conformance import ConformanceError, load_task
from reports.user_objects import trusted

_GROUPS = ("tasks", "points", "noise", "runs", "studies")


def origin(finished: Finished) -> Findings:
    """What a reader must know of where the report was made, and every way in which its plan is not the one it names."""
    found, stored = Findings(), finished.manifest
    here = str(finished.out.resolve())
    if stored.where.folder != here:
        found.notes.append(f"moved: built in {stored.where.folder} on {stored.where.host}, and now in {here}")
    found.notes.extend(_versions(stored))
    try:
        expected = _expected(finished)
    except (PlanError, RefusedError, ConformanceError) as error:
        found.differences.append(f"plan {stored.plan}: cannot be read again: {error}")
        return found
    if expected is None:
        found.trusted.append(f"the plan: {stored.plan} is not here, so the manifest's copy of its cells was used")
    else:
        found.differences.extend(_plans(stored.plan, expected, finished.request.plan))
    for file in stored.claims:
        path = _located(stored, file["file"])
        if path is None:
            found.trusted.append(f"the claims: {file['file']} is not here, so the manifest's copy of it was used")
        elif path.read_text(encoding="utf-8", errors="replace") != file["text"]:
            found.notes.append(f"claims {file['file']}: changed since the report was built; its own copy was used")
    return found


def made(stored: Manifest) -> dict[str, Any]:
    """What made the report, by the names of `made_here`."""
    return {name: getattr(stored, name) for name in made_here()}


def _versions(stored: Manifest) -> Iterator[str]:
    outside = [name for name in stored.own_code if ":" not in name or trusted(name)]
    there, here = made(stored), made_here(outside)
    there["own_code"] = {name: there["own_code"][name] for name in outside}
    ways = [(name, there[name], here[name]) for name in ("version", "python", "platform")]
    ways += [(name, there["versions"].get(name), version) for name, version in here["versions"].items()]
    changed = [f"{name} {was or 'absent'} (here {now or 'absent'})" for name, was, now in ways if was != now]
    if there["code"] != here["code"]:
        changed.append(f"other sources of ours ({there['code'][:8]}, here {here['code'][:8]})")
    changed += [f"another {name}" for name in outside if there["own_code"][name] != here["own_code"][name]]
    if changed:
        yield f"made by another version: {', '.join(changed)}"


def _expected(finished: Finished) -> Plan | None:
    """The plan that the manifest names, as it is read now; None where it is not here."""
    stored = finished.manifest
    if stored.plan in plan_names():
        plan = load_plan(stored.plan)
    else:
        path = _located(stored, stored.plan)
        if path is None or path.suffix != ".toml":
            return None
        plan = load_plan(str(path))
    if stored.task is not None and trusted(stored.task):
        plan = with_own_task(plan, stored.task, load_task(stored.task))
    if stored.data is not None and stored.model is not None:
        if not trusted(stored.model) or _located(stored, stored.data) is None:
            return None
        plan = with_own_data(plan, str(_located(stored, stored.data)), stored.model)
    claims = finished.request.claims
    return with_cells_for(cut_down(plan, stored.plan, stored.only, claims) if stored.only else plan, claims)


def _located(stored: Manifest, name: str) -> Path | None:
    """A file by the name that the command gave it, here or in the folder where the command was given."""
    places = (Path(name), Path(stored.where.working_folder) / name)
    return next((path for path in places if path.is_file()), None)


def _plans(name: str, expected: Plan, found: Plan) -> Iterator[str]:
    """Entries that one plan has and the other has not; a task that is not imported may have brought entries along."""
    if expected.title != found.title:
        yield f"plan {name}: title is {expected.title!r}, and {found.title!r} in the manifest"
    for group in _GROUPS:
        there, here = (list(plan.model_dump(mode="json")[group]) for plan in (expected, found))
        for entry in [entry for entry in there if entry not in here]:
            yield f"plan {name}: an entry of {group} is not in the report: {_short(entry)}"
        unread = [one.name for one in found.tasks if not all(map(trusted, one.outside))]
        for entry in [entry for entry in here if entry not in there and not _unread(entry, unread)]:
            yield f"plan {name}: lacks an entry of {group} that the report has: {_short(entry)}"
        shared = [entry for entry in here if entry in there]
        if shared != [entry for entry in there if entry in here]:
            yield f"plan {name}: the entries of {group} stand in another order in the report"


def _unread(entry: dict[str, Any], tasks: Sequence[str]) -> bool:
    """Whether an entry speaks of what is not imported: a task, a cell on it, a statement, or a witness of one."""
    own = [name for name in entry.get("statements", ()) if ":" in name]
    return entry.get("name", entry.get("task")) in tasks or any(not trusted(name) for name in own)


def _short(entry: dict[str, Any]) -> str:
    given = {name: value for name, value in entry.items() if value not in (None, "", [], {})}
    return f"{given!s:.160}"
