"""The demo company: a spaces folder that shows everything, made from a seed."""

from __future__ import annotations

from dmart_tui.core.demo.making import DemoReport, existing_demo, make_demo
from dmart_tui.core.demo.planted import PLANTED, Planted
from dmart_tui.core.demo.scale import make_wide_folder

__all__ = ["PLANTED", "DemoReport", "Planted", "existing_demo", "make_demo", "make_wide_folder"]
