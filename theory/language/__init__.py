"""The language of the theory: symbols, units, expressions, conditions, records."""
