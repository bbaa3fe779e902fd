"""The integrity check of a spaces folder."""

from dmart_tui.core.spaces.checks.kinds import KINDS, ON_REDIS, KindInfo
from dmart_tui.core.spaces.checks.run import Check, Progress, Report

__all__ = ["KINDS", "ON_REDIS", "Check", "KindInfo", "Progress", "Report"]
