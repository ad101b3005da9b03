"""Edits of the manifest."""

from __future__ import annotations

from pathlib import Path

from tests.reports.edits.editing import Edit, collected, in_manifest, load, store

EDITS: dict[str, Edit] = {}
edit = collected(EDITS)


@edit
def the_manifest_names_another_plan(out: Path) -> None:
    in_manifest(out, plan="standard")


@edit
def the_manifest_names_another_title(out: Path) -> None:
    in_manifest(out, title="All is well")


@edit
def the_manifest_names_another_seed(out: Path) -> None:
    in_manifest(out, seed=7)


@edit
def the_manifest_names_other_versions(out: Path) -> None:
    in_manifest(out, versions=load(out / "manifest.json")["versions"] | {"torch": "9.9"})


@edit
def the_manifest_names_another_version_of_ours(out: Path) -> None:
    in_manifest(out, version="9.9")


@edit
def the_manifest_names_another_device(out: Path) -> None:
    in_manifest(out, device="cuda:0")


@edit
def the_manifest_has_a_larger_family(out: Path) -> None:
    in_manifest(out, family=load(out / "manifest.json")["family"] + 1)


@edit
def the_manifest_has_a_smaller_error_level(out: Path) -> None:
    in_manifest(out, error_level=1e-9)


@edit
def the_manifest_traces_a_row_to_another_record(out: Path) -> None:
    traced = dict(load(out / "manifest.json")["row_records"])
    first, *_, last = traced
    in_manifest(out, row_records=traced | {first: traced[last]})


@edit
def the_manifest_lacks_a_record(out: Path) -> None:
    in_manifest(out, records=load(out / "manifest.json")["records"][1:])


@edit
def the_manifest_lacks_its_rows(out: Path) -> None:
    manifest = load(out / "manifest.json")
    del manifest["row_records"]
    store(out / "manifest.json", manifest)


@edit
def the_manifest_is_cut_off(out: Path) -> None:
    (out / "manifest.json").write_bytes((out / "manifest.json").read_bytes()[:500])


@edit
def the_manifest_is_a_list(out: Path) -> None:
    store(out / "manifest.json", [])


@edit
def the_manifest_has_text_for_a_list(out: Path) -> None:
    in_manifest(out, claims="none", records="none")


@edit
def the_manifest_is_not_text(out: Path) -> None:
    (out / "manifest.json").write_bytes(b"\xff\xfe\x00")
