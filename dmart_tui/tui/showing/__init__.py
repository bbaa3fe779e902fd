"""Showing any content: a payload, an attachment, a file as it stands; panes only say which."""

from dmart_tui.tui.showing.actions import ShowingActions
from dmart_tui.tui.showing.opening import Opened, open_bytes, open_file, open_meta, open_payload, open_stored
from dmart_tui.tui.showing.viewer import Viewer

__all__ = ["Opened", "ShowingActions", "Viewer", "open_bytes", "open_file", "open_meta", "open_payload", "open_stored"]
