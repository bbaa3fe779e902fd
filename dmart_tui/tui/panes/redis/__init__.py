"""D-MART's indexes on a Redis: what is there, built, compared, repaired and worked out."""

from dmart_tui.tui.panes.redis.pane import RedisPane

__all__ = ["RedisPane"]
