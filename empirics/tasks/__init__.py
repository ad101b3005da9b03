"""Losses of n agents: formulas with known constants, populations, networks and data."""
