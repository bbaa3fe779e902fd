"""The demo company: a spaces folder that shows everything, made from a seed."""

from __future__ import annotations

from dmart_tui.core.demo.making import DemoReport, existing_demo, make_demo

__all__ = ["DemoReport", "existing_demo", "make_demo"]
