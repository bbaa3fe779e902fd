"""Widgets that know no D-MART."""
