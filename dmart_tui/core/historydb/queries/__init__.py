"""Questions to a store: said, compiled, carried out and merged."""
