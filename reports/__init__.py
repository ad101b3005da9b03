"""Measured against predicted: plans, records, verdicts, the page. The only package that imports theory and empirics."""

__version__ = "0.1.0"
