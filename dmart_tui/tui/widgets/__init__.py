"""Widgets that know no D-MART; each is imported from its own module, so that a start pays for what it shows."""
