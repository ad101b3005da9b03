"""The left side of every bound: what is run and recorded, and what is read off the records."""
