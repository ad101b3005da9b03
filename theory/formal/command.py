"""The command `python -m theory formal`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from theory.formal.differences import EVERYWHERE


def formal_command(
    check: Annotated[bool, typer.Option("--check", help="Check every proof with coqc and coqchk.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Print the records anew; with --check, keep what was found.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List which statement Coq has checked: theorem, file, what differs, axioms, versions."""
    if write:
        _print_records()
    if check:
        _check(write)
        return
    typer.echo(json.dumps(_listing(), indent=2) if as_json else _text(_listing()))


def _print_records() -> None:
    from theory.formal import listing
    from theory.printing.coq import assumptions, constants
    from theory.tables import default_table

    for name, printed in (("Constants.v", constants), ("Assumed.v", assumptions)):
        Path(str(listing.FOLDER / name)).write_text(printed(default_table()), encoding="utf-8")
    listing.sources.cache_clear()


def _check(keep: bool) -> None:
    from theory.formal.building import ProofError
    from theory.formal.checking import CHECKED, check
    from theory.formal.listing import FOLDER

    try:
        found = check(_progress if sys.stderr.isatty() else lambda *_: None)
    except ProofError as failure:
        typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(3) from None
    if keep:
        Path(str(FOLDER / CHECKED)).write_text(found.text(), encoding="utf-8")
    typer.echo(f"{len(found.theorems)} statements, {len(found.files)} files, Coq {found.coq}"
               f"{', checked again by coqchk' if found.coqchk else '; coqchk is not installed'}")  # fmt: skip
    typer.echo(f"{found.admitted} Admitted")
    typer.echo("Axioms, those of Coq's real numbers:")
    for name in found.axioms:
        typer.echo(f"  {name}")


def _progress(done: int, total: int, name: str) -> None:
    typer.echo(f"\r\033[K{done}/{total} {name}", err=True, nl=done == total and name == "coqchk")


def _listing() -> dict[str, Any]:
    from theory.formal.checking import changed_since, last_check
    from theory.formal.listing import theorems
    from theory.language.records import DERIVED
    from theory.tables import default_table

    last, found = last_check(), {item.id: item for item in theorems()}
    derived = [item.id for item in default_table().statements.values() if item.provenance == DERIVED]
    rows = [
        {"id": id, "theorem": found[id].theorem, "file": found[id].file, "differs": list(found[id].differs),
         "attained": list(found[id].attained)}
        if id in found else {"id": id, "theorem": None, "file": None, "differs": [], "attained": []}
        for id in derived
    ]  # fmt: skip
    checked = {"coq": last.coq, "coqchk": last.coqchk, "admitted": last.admitted, "axioms": list(last.axioms),
               "changed_since": changed_since(last)}  # fmt: skip
    return {"statements": rows, "checked": checked}


def _text(listing: dict[str, Any]) -> str:
    lines = []
    for row in listing["statements"]:
        place = f"{row['theorem']}, {row['file']}" if row["theorem"] else "not machine-checked"
        lines.append(f"{row['id']:<6}{place}")
        lines += [f"        {line}" for line in row["differs"]]
        lines += [f"        attained: {name}" for name in row["attained"]]
    lines.append(f"In every theorem {EVERYWHERE}.")
    checked = listing["checked"]
    again = " and coqchk" if checked["coqchk"] else ""
    lines.append(
        f"Checked by Coq {checked['coq']}{again}: {checked['admitted']} Admitted; axioms {', '.join(checked['axioms'])}"
    )
    changed = checked["changed_since"]
    lines.append("The files are those that were checked (SHA-256 in theory/formal/checked.json)." if not changed
                 else f"Changed since that check: {', '.join(changed)}")  # fmt: skip
    return "\n".join(lines)
