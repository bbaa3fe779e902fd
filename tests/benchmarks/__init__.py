"""Measurements, not tests: ratios of one run, so that the machine matters little. `python -m tests.benchmarks`."""
