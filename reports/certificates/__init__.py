"""Certified constants on a ball, by intervals that are subdivided: where norms alone are too coarse."""
