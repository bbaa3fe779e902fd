"""SQL over everything: sessions of the engine, worksheets, and what is in a root as tables."""
