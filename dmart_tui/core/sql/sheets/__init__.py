"""Worksheets and what was run in them, kept in one SQLite file a root."""
