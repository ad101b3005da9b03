"""What may be done to a finished report behind its back: every edit by what a reader would say of it."""

from tests.reports.edits import of_manifest, of_outputs, of_records, of_verdicts
from tests.reports.edits.harmless import HARMLESS
from tests.reports.edits.of_outputs import OF_THE_SUITE

EDITS = of_verdicts.EDITS | of_outputs.EDITS | of_manifest.EDITS | of_records.EDITS

__all__ = ["EDITS", "HARMLESS", "OF_THE_SUITE"]
