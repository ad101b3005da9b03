"""The stages in their order."""

from __future__ import annotations

from benchmarks.gpu.agreement import Agreement
from benchmarks.gpu.facts import Facts
from benchmarks.gpu.marked_tests import MarkedTests
from benchmarks.gpu.report import Report
from benchmarks.gpu.scale import Scale
from benchmarks.gpu.speed import Speed
from benchmarks.gpu.stage import Stage

STAGES: tuple[Stage, ...] = (Facts(), MarkedTests(), Agreement(), Report(), Speed(), Scale())
