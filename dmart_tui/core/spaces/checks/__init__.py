"""The integrity check of a spaces folder."""

from dmart_tui.core.spaces.checks.kinds import KINDS, NOT_CHECKED, KindInfo
from dmart_tui.core.spaces.checks.run import Check, Progress, Report

__all__ = ["KINDS", "NOT_CHECKED", "Check", "KindInfo", "Progress", "Report"]
