"""How far a constant is from the best possible one: values proved above and below, with certificates."""
