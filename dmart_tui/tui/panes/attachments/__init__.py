"""The attachments of an entry."""

from dmart_tui.tui.panes.attachments.pane import AttachmentsPane

__all__ = ["AttachmentsPane"]
