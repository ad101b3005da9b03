"""Expressions and records as LaTeX and MathML."""
