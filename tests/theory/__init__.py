"""Tests of the theory package."""
