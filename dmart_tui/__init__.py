"""A keyboard-driven terminal explorer for D-MART spaces folders."""

__version__ = "0.1.0"
