"""Everything that is true without a terminal: formats, reading, checking, history."""
