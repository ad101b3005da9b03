"""What a report says beyond its rows: tightness, planted errors, slack, exponents, claims, published forms."""
