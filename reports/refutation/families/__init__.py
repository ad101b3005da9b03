"""Families of instances in one variable, each in every unit."""
