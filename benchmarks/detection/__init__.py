"""How fast a change for the worse is found, and how often chance alone is taken for one: ours beside its rivals."""
