"""Figures of the studies, drawn from their frames alone."""
