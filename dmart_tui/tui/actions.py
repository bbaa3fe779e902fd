"""Every action of the interface as data: keys, footer, help, palette and the docs' key page derive from here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dmart_tui.tui import history_actions, redis_actions, result_actions, sql_actions
from dmart_tui.tui.action import Action as Action
from dmart_tui.tui.action import Context as Context
from dmart_tui.tui.keys import nearest as nearest
from dmart_tui.tui.keys import read_key as read_key
from dmart_tui.tui.keys import show_key as show_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.binding import BindingType


CONTEXTS: Final = (
    Context("app", "Everywhere"),
    Context("list", "Moving in any list or text"),
    Context("tree", "Tree", ("entry", "list")),
    Context("entry", "Open documents", ("list",)),
    Context("overview", "Overview", ("entry", "list")),
    Context("payload", "Payload and content", ("values", "entry", "list")),
    Context("attachments", "Attachments", ("entry", "list")),
    Context("history", "History", ("entry", "list")),
    Context("timeline", "Timeline", ("entry", "list")),
    Context("raw", "Raw", ("entry", "list")),
    Context("edit", "Editor", ("form", "entry", "list"), typed=True),
    Context("relations", "Relations", ("entry", "list")),
    Context("root-links", "Relations of the root", ("entry", "list")),
    Context("search", "Search", ("entry", "list")),
    Context("problems", "Problems", ("entry", "list")),
    Context("trash", "Trash", ("entry", "list")),
    Context("archive", "Archive", ("entry", "list")),
    Context("archives", "Places of archives", ("entry", "list")),
    Context("values", "Trees of values", ("list",)),
    Context("form", "Forms", ("list",)),
    Context("diff", "Differences", ("list",)),
    Context("slider", "Time slider"),
    Context("editor-text", "Text editor", typed=True),
    Context("editor-find", "Searching in the text editor", typed=True),
    Context("change", "Changing data"),
    Context("conflict", "Conflict", ("dialog",)),
    Context("long-text", "Long text", ("dialog",)),
    Context("file-picker", "Choosing files", ("dialog",)),
    Context("preview", "Preview of a change", ("dialog",)),
    Context("ticket", "Progress of a ticket", ("dialog",)),
    Context("completing", "Lines with completion", ("dialog",)),
    Context("lines", "Several lines", ("completing", "dialog")),
    Context("find", "Find", ("dialog",)),
    Context("report", "Reports", ("dialog",)),
    Context("dialog", "Dialogs"),
    Context("bookmarks", "Bookmarks", ("dialog",)),
    Context("tasks", "Tasks", ("dialog",)),
    Context("notices", "Notices", ("dialog",)),
    *sql_actions.CONTEXTS,
    *result_actions.CONTEXTS,
    *history_actions.CONTEXTS,
    *redis_actions.CONTEXTS,
)

ACTIONS: Final = (
    # Everywhere
    Action("app.help", "Help", "Show every action of where you are, with its keys.", ("question_mark", "f1"), True),
    Action("app.palette", "Commands", "Find an action by name and run it.", ("colon", "ctrl+p"), True),
    Action("app.find", "Find", "Jump to any entry under the root by a few letters of its name.", ("f",), True),
    Action("app.search", "Search", "Search the root by words, fields and dates.", ("f3", "ctrl+f")),
    Action("app.jump", "Jump", "Put a letter on every pane and tab; type it to go there.", ("semicolon",)),
    Action("app.focus-next", "Next pane", "Move the focus to the next pane.", ("tab",)),
    Action("app.focus-previous", "Previous pane", "Move the focus to the previous pane.", ("shift+tab",)),
    Action("app.focus-tree", "Go to tree", "Move the focus to the tree; so does esc where it is free.", ("0",)),
    Action("app.maximise", "Maximise", "Give the focused pane the whole screen, or give the room back.", ("m",)),
    Action("app.toggle-tree", "Hide tree", "Hide or show the tree.", ("backslash",)),
    Action("app.wider-tree", "Wider tree", "Make the tree wider.", ("greater_than_sign",)),
    Action("app.narrower-tree", "Narrower tree", "Make the tree narrower.", ("less_than_sign",)),
    Action("app.back", "Back", "Return to what was open before.", ("backspace", "H", "alt+left")),
    Action("app.forward", "Forward", "Undo a step back.", ("L", "alt+right")),
    Action("app.bookmarks", "Bookmarks", "List the bookmarks of this root and open one.", ("b",)),
    Action("app.bookmark", "Bookmark", "Bookmark what the cursor is on, or take its bookmark away.", ("B",)),
    Action("app.copy", "Copy", "Choose what to copy: address, path, name.", ("y",)),
    Action("app.names", "Names", "Switch between display names and shortnames.", ("d",)),
    Action("app.refresh", "Refresh", "Read what is shown again from the disk.", ("r", "f5")),
    Action("app.check", "Problems", "Check the whole root in the background and show what is broken.", ("p",)),
    Action("app.timeline", "Timeline", "Show every change under the root, newest first.", ("t",)),
    Action("app.archives", "Archives", "Browse folders and buckets for archives.", ("apostrophe",)),
    Action(
        "app.open-archive",
        "Open archive",
        "Open an archive: that of the entry, or a path or address typed.",
        ("quotation_mark",),
    ),
    Action("app.links", "Links of the root", "List links to nothing, entries that stand alone, most linked ones."),
    Action("app.secrets", "Secrets", "Show or mask passwords, tokens and hashes in all views.", ("S",)),
    Action("app.tasks", "Tasks", "List running tasks with their progress, and stop them.", ("T",)),
    Action("app.notices", "Notices", "Read again what was notified.", ("M",)),
    Action("app.theme", "Theme", "Choose a theme while seeing it.", ("f9",)),
    Action("app.open-root", "Open root", "Open another spaces folder.", ("O",)),
    Action("app.shell", "Shell", "Leave for a shell in the current folder; `exit` comes back.", ("exclamation_mark",)),
    Action("app.pager", "Pager", "Read the file in `$PAGER`, with its secrets masked; leaving it comes back.", ("P",)),
    Action("app.suspend", "Suspend", "Stop the program and give the terminal back; `fg` comes back.", ("ctrl+z",)),
    Action("app.screenshot", "Screenshot", "Save the screen as an SVG file.", ("f12",)),
    Action("app.redraw", "Redraw", "Draw the whole screen again.", ("ctrl+l",)),
    Action("app.quit", "Quit", "Leave; the session comes back at the next start.", ("q", "ctrl+q"), True),
    # Changing data, from the tree and from open documents
    Action("change.menu", "Change", "Every change that can be made here, a letter each.", ("A",), True),
    Action("change.edit", "Edit", "Edit the entry, as a form or as text.", ("i", "f4"), True),
    Action(
        "change.edit-outside", "Edit in $EDITOR", "Edit it in `$VISUAL` or `$EDITOR`; leaving it comes back.", ("I",)
    ),
    Action("change.create", "New", "Make an entry, folder or space here.", ("f7",)),
    Action("change.move", "Move or rename", "Give it another name or place; nothing is ever overwritten.", ("f6",)),
    Action("change.progress", "Progress", "Take a ticket a step further in its workflow.", ("F",)),
    Action("change.link", "Link", "Let the entry point to another one, with what that says about itself.", ("J",)),
    Action("change.unlink", "Unlink", "Take a relationship of the entry away."),
    Action("change.inbound", "Who points here", "Search the whole root for what points to it, and go there.", ("at",)),
    Action("change.view-as", "View as", "Show the tree as one of D-MART's users sees it, or all again.", ("Y",)),
    Action("change.rights", "Why", "What a user may do with it, and which permission, role or group says so.", ("Q",)),
    Action("change.user", "Acting user", "Choose as whom changes are made until the program ends."),
    Action("change.lock", "Lock", "Keep others from changing the entry for a while; one's own lock goes on."),
    Action("change.unlock", "Unlock", "Give the lock of the entry back, or break that of another."),
    Action("change.attach", "Attach files", "Copy files of this computer to the entry or folder, as one change."),
    Action("change.comment", "Comment", "Comment on the entry or folder."),
    Action("change.trash", "To the trash", "Move it to the trash with all that belongs to it.", ("f8",)),
    Action("change.trash-list", "Open the trash", "List what is in the trash, restore it or free the disk.", ("D",)),
    Action("change.set-keys", "Set keys", "Set or remove keys of all marked, found or below a folder.", ("ampersand",)),
    Action(
        "change.tag", "Tags", "Put tags on and take tags off all marked, found or below a folder.", ("number_sign",)
    ),
    Action("change.export", "Export", "Write it to a file: D-MART's zip, NDJSON or CSV."),
    Action("change.pack", "Pack", "Pack all marked, or what the cursor is on, into a DES archive."),
    Action("change.import", "Import", "Bring in a zip that D-MART or this program made, or rows of CSV."),
    Action("change.batches", "Earlier batches", "Take back a change of many of this or an earlier session."),
    Action("change.report", "Last report", "What came of the last change of many: failures, and the way back."),
    Action("change.undo", "Take back", "Take back the last change of this session, as a new change.", ("U",)),
    # Moving (the widgets' own movement keys carry these names)
    Action("list.down", "Down", "Next row.", ("down", "j")),
    Action("list.up", "Up", "Previous row.", ("up", "k")),
    Action("list.left", "Left", "Left, or out of a branch.", ("left", "h")),
    Action("list.right", "Right", "Right, or into a branch.", ("right", "l")),
    Action("list.page-down", "Page down", "One page on.", ("pagedown",)),
    Action("list.page-up", "Page up", "One page back.", ("pageup",)),
    Action("list.half-down", "Half a page down", "Half a page on.", ("ctrl+d",)),
    Action("list.half-up", "Half a page up", "Half a page back.", ("ctrl+u",)),
    Action("list.first", "First", "To the first row.", ("home", "g")),
    Action("list.last", "Last", "To the last row.", ("end", "G")),
    Action("list.shift-right", "Shift right", "Show what was cut on the right.", ("shift+right",)),
    Action("list.shift-left", "Shift left", "Show what was shifted out on the left.", ("shift+left",)),
    Action("list.unshift", "Line start", "Show lines from their beginning again.", ("circumflex_accent",)),
    Action("values.fold-all", "Fold all", "Fold every value but the first level.", ("z",)),
    Action("values.unfold-level", "One level more", "Unfold one level more of all values.", ("Z",)),
    Action("form.toggle", "Toggle", "Switch between true and false, or fold and unfold.", ("space",), True),
    Action("form.add", "Add", "Add a member to a list, or a key where there may be more.", ("a", "insert"), True),
    Action("form.remove", "Remove", "Take the value away, or the member out of its list.", ("delete",), True),
    Action("form.earlier", "Move up", "Move the member up in its list.", ("shift+up",)),
    Action("form.later", "Move down", "Move the member down in its list.", ("shift+down",)),
    Action("diff.next-change", "Next change", "The next place that differs.", ("n",)),
    Action("diff.previous-change", "Previous change", "The previous place that differs.", ("N",)),
    Action("diff.toggle-context", "All lines", "Show all lines, or those that differ with a few around.", ("z",)),
    Action("slider.later", "Later", "One moment later.", ("right", "l")),
    Action("slider.earlier", "Earlier", "One moment earlier.", ("left", "h")),
    Action("slider.first", "First", "The first moment.", ("home", "g")),
    Action("slider.last", "Last", "The last moment.", ("end", "G")),
    Action("editor-text.undo", "Undo", "Take the last change of the text back.", ("ctrl+z", "ctrl+underscore")),
    Action("editor-text.redo", "Redo", "Do again what was taken back.", ("ctrl+y",)),
    Action("editor-text.cut", "Cut", "Cut what is selected, or the line.", ("ctrl+x",)),
    Action("editor-text.copy", "Copy", "Copy what is selected, or the line.", ("ctrl+c",)),
    Action("editor-text.paste", "Paste", "Insert what was last cut or copied in an editor.", ("ctrl+v",)),
    Action("editor-text.select-all", "Select all", "Select the whole text.", ("ctrl+t",)),
    Action("editor-text.find", "Find", "Search in the text.", ("ctrl+f",)),
    Action("editor-text.replace", "Replace", "Search in the text, and put something else in its place.", ("ctrl+r",)),
    Action("editor-text.next-match", "Next match", "The next place that matches.", ("f3",)),
    Action("editor-text.previous-match", "Previous match", "The previous place that matches.", ("f4",)),
    Action("editor-text.line", "Go to line", "Go to a line by its number, or to `line:column`.", ("ctrl+g",)),
    Action(
        "editor-text.bracket",
        "Other bracket",
        "Go to the bracket that belongs to this one.",
        ("ctrl+right_square_bracket",),
    ),
    Action("editor-text.next-problem", "Next problem", "Go to the next place where something is wrong.", ("ctrl+n",)),
    Action("editor-text.fold", "Fold", "Fold the block that the cursor is in, or unfold it.", ("f6",)),
    Action("editor-text.fold-all", "Fold all", "Fold every block.", ("f7",)),
    Action("editor-text.unfold-all", "Unfold all", "Unfold every block.", ("f8",)),
    Action("editor-text.wrap", "Wrap", "Break long lines at the edge, or let them run on.", ("ctrl+backslash",)),
    Action(
        "editor-text.comment",
        "Comment",
        "Make the lines comments, or text again: SQL and Python.",
        ("ctrl+circumflex_accent", "alt+slash"),
    ),
    Action("editor-find.accept", "Take", "Go to the next match, replace this one, or go to the line.", ("enter",)),
    Action("editor-find.next", "Next match", "The next place that matches.", ("down", "f3")),
    Action("editor-find.previous", "Previous match", "The previous place that matches.", ("up", "f4")),
    Action("editor-find.case", "Case", "Let capitals matter, or not.", ("f6",)),
    Action("editor-find.pattern", "Regular expression", "Search for a pattern, or for the text as it is.", ("f7",)),
    Action("editor-find.replace-all", "Replace all", "Replace every match, as one change.", ("f8",)),
    Action("editor-find.leave", "Close", "Close the search; the cursor stays at the match.", ("escape",)),
    # Tree
    Action("tree.open", "Open", "Open what the cursor is on and keep it open.", ("enter",), True),
    Action("tree.toggle", "Fold", "Unfold or fold the branch under the cursor.", ("o",)),
    Action("tree.collapse-all", "Fold all", "Fold every branch.", ("minus",)),
    Action("tree.filter", "Filter", "Show only rows whose name has what you type.", ("slash",), True),
    Action("tree.mark", "Mark", "Mark the row under the cursor, or unmark it.", ("space",), True),
    Action("tree.mark-range", "Mark range", "Mark from the last marked row to the cursor.", ("v",)),
    Action("tree.unmark-all", "Unmark all", "Take all marks away.", ("u",)),
    Action("tree.sort", "Sort", "Choose the order of the rows.", ("s",)),
    Action("tree.search", "Search here", "Search in the branch under the cursor.", ("E",)),
    Action("tree.check", "Check here", "Check the branch under the cursor.", ("C",)),
    Action("tree.timeline", "Timeline here", "Show every change under the branch, newest first.", ("w",)),
    # Open documents
    Action("entry.next-view", "Next view", "The next view of this document.", ("right_square_bracket",), True),
    Action("entry.previous-view", "Previous view", "The previous view of this document.", ("left_square_bracket",)),
    *(Action(f"entry.view-{n}", f"View {n}", f"View {n} of this document.", (str(n),)) for n in range(1, 8)),
    Action("entry.next-document", "Next document", "The next open document.", ("right_curly_bracket",)),
    Action("entry.previous-document", "Previous document", "The previous open document.", ("left_curly_bracket",)),
    Action("entry.close", "Close", "Close this document.", ("x",), True),
    Action("entry.close-others", "Close others", "Close every other document.", ("X",)),
    Action("entry.keep", "Keep open", "Keep the preview open when the cursor moves on.", ("K",)),
    Action("entry.locate", "Show in tree", "Put the tree's cursor on this document.", ("full_stop",)),
    # Views
    Action("overview.open", "Open", "Open what the row points to.", ("enter",), True),
    Action("overview.unlink", "Unlink", "Take away the relationship of the row.", ("delete",)),
    Action("overview.copy-value", "Copy value", "Copy the value of the row.", ("c",)),
    Action("payload.toggle", "Fold", "Unfold or fold the value under the cursor.", ("space", "enter")),
    Action("payload.expand-all", "Unfold all", "Unfold every value.", ("plus",)),
    Action("payload.collapse-all", "Fold all", "Fold every value.", ("minus",)),
    Action("payload.mode", "View as", "Switch between tree, diagram, rendered, table, text and hex.", ("v",), True),
    Action("payload.wrap", "Wrap", "Break long lines at the edge of the view, or let them run on.", ("w",)),
    Action("payload.search", "Search", "Search in the text.", ("slash",), True),
    Action("payload.next-match", "Next match", "The next place that matches.", ("n",)),
    Action("payload.previous-match", "Previous match", "The previous place that matches.", ("N",)),
    Action("payload.next-problem", "Next violation", "The next value that breaks the schema.", ("e",)),
    Action("payload.previous-problem", "Previous violation", "The previous value that breaks the schema.", ("E",)),
    Action("payload.copy-value", "Copy value", "Copy the value or line under the cursor.", ("c",)),
    Action("payload.save", "Save a copy", "Write what is shown to a file, its bytes as they are.", ("W",)),
    Action("payload.outside", "Open outside", "Open a copy in the system's own program, secrets masked.", ("o",)),
    Action("attachments.open", "Open", "Go to what the attachment holds; esc comes back.", ("enter",), True),
    Action("attachments.filter", "Filter", "Show only attachments whose name has what you type.", ("slash",), True),
    Action("attachments.sort", "Sort", "Choose the order of the rows.", ("s",)),
    Action("attachments.add", "Add files", "Attach files of this computer, several at once.", ("a", "insert"), True),
    Action("attachments.replace", "New file", "Give the attachment another file; the name stays.", ("N",)),
    Action("attachments.comment", "Comment", "Comment on the entry.", ("C",)),
    Action("attachments.reply", "Reply", "Answer the comment or attachment under the cursor.", ("R",)),
    Action("attachments.react", "React", "Say in a word what you think of the entry.", ("plus",)),
    Action("attachments.outside", "Open outside", "Open a copy in the system's own program, secrets masked.", ("o",)),
    Action("attachments.mode", "View as", "Switch how the attachment is shown.", ("v",)),
    Action("attachments.copy-value", "Copy text", "Copy what the comment says, or the name.", ("c",)),
    Action("attachments.save", "Save a copy", "Write the attachment's content to a file.", ("W",)),
    Action("history.toggle", "Details", "Show or hide the change in full below the list.", ("space",), True),
    Action("history.whole", "In full", "Give the change the whole pane, or return to the list.", ("enter",), True),
    Action("history.expand-all", "All in full", "Show every change in full, one below the other.", ("plus",)),
    Action("history.mode", "Diff as", "Switch between side by side and one below the other.", ("v",)),
    Action("history.time", "As it was", "Show the whole entry as it was at this change.", ("a",), True),
    Action("history.filter", "Filter", "Only changes that match; `owner:` and `key:` narrow it.", ("slash",), True),
    Action("history.by-owner", "This owner", "Only changes by the owner of this one, or all again.", ("o",)),
    Action("history.by-key", "This key", "Only changes of the key under the cursor, or all again.", ("e",)),
    Action("history.blame", "Who last", "Show who changed each key last, and when.", ("w",)),
    Action("history.earlier", "Earlier", "Go back to the moment before.", ("left_parenthesis",)),
    Action("history.later", "Later", "Go on to the next moment.", ("right_parenthesis",)),
    Action("history.revert", "Revert", "Take the change under the cursor back, as a new change.", ("V",)),
    Action("history.restore", "Restore", "Make the entry, or one key, what it was after this change.", ("W",)),
    Action("history.mark", "Mark", "Mark the change under the cursor for a comparison, or unmark it.", ("asterisk",)),
    Action("history.compare", "Compare", "Compare two marked versions, or this one with now.", ("equals_sign",)),
    Action("history.below", "Timeline below", "Show every change below this folder or space, newest first.", ("u",)),
    Action("history.back", "Back to list", "Return to the list of changes, or take the filter away.", ("escape",)),
    Action("history.copy-value", "Copy value", "Copy the change under the cursor.", ("c",)),
    Action("raw.next-file", "Next file", "Show the next file of this entry.", ("v",), True),
    Action("raw.previous-file", "Previous file", "Show the previous file of this entry.", ("V",)),
    Action("timeline.open", "Open", "Show the history of the entry, at this change.", ("enter",), True),
    Action("timeline.toggle", "Details", "Show or hide the line in full below the list.", ("space",), True),
    Action("timeline.expand-all", "All in full", "Show every line in full, one below the other.", ("plus",)),
    Action("timeline.mode", "Diff as", "Switch between side by side and one below the other.", ("v",)),
    Action("timeline.filter", "Filter", "Only lines that match; also `type:` and `request:`.", ("slash",), True),
    Action("timeline.by-owner", "This owner", "Only what the owner of this one did, or all again.", ("o",)),
    Action("timeline.by-key", "This key", "Only changes of the key under the cursor, or all again.", ("e",)),
    Action("timeline.revert", "Revert", "Take the change under the cursor back, as a new change.", ("V",)),
    Action("timeline.restore", "Restore", "Make the entry, or one key, what it was after this change.", ("W",)),
    Action("timeline.locate", "Show in tree", "Put the tree's cursor on what was changed.", ("comma",)),
    Action("timeline.run", "Read again", "Read all histories and event logs again.", ("R",)),
    Action("timeline.back", "Stop", "Take the filter away, or stop the reading.", ("escape",)),
    Action("timeline.copy-value", "Copy value", "Copy the change under the cursor.", ("c",)),
    Action("raw.mode", "View as", "Switch between text and bytes.", ("o",)),
    Action("raw.wrap", "Wrap", "Break long lines at the edge of the view, or let them run on.", ("w",)),
    Action("raw.search", "Search", "Search in the text.", ("slash",), True),
    Action("raw.next-match", "Next match", "The next place that matches.", ("n",)),
    Action("raw.previous-match", "Previous match", "The previous place that matches.", ("N",)),
    Action("raw.copy-value", "Copy line", "Copy the line under the cursor.", ("c",)),
    Action("raw.save", "Save a copy", "Write the file to another place.", ("W",)),
    Action("edit.save", "Save", "Show what saving changes, then save.", ("f2",), True),
    Action("edit.part", "Meta or payload", "Go over to the other part of the entry.", ("s", "f11"), True),
    Action("edit.mode", "Form or text", "Go over between the form and the text.", ("v", "f10"), True),
    Action("edit.undo", "Undo", "Take back the last edit, whichever side it was made on.", ("u", "ctrl+z"), True),
    Action("edit.redo", "Redo", "Make the edit that was taken back again.", ("ctrl+y",)),
    Action("edit.discard", "Discard", "Throw the edits away and show what is on the disk.", ("R",)),
    Action("relations.open", "Open", "Open the entry; of `+ more`, the list of all.", ("enter",), True),
    Action("relations.centre", "To the middle", "Show what is around the entry under the cursor.", ("space",), True),
    Action("relations.expand", "Unfold", "Follow the links of the entry under the cursor, or not.", ("e",), True),
    Action("relations.deeper", "Deeper", "One step further from the middle.", ("plus",), True),
    Action("relations.shallower", "Less deep", "One step less far from the middle.", ("minus",)),
    Action("relations.kinds", "Kinds", "Choose which kinds of links show.", ("o",), True),
    Action("relations.mode", "Graph or list", "Go over between the graph and the list of links.", ("v",), True),
    Action("relations.zoom", "Zoom", "Go over between labels, boxes and dots.", ("z",)),
    Action("relations.path", "Way to", "Show a shortest way to another entry.", ("equals_sign",)),
    Action("relations.unlink", "Unlink", "Take away the relationship of what the cursor is on.", ("delete",)),
    Action("relations.root", "Of the whole root", "List links to nothing, entries that stand alone and more.", ("w",)),
    Action("relations.read", "Read again", "Bring the index of the root up to date.", ("R",)),
    Action("relations.save", "Save the graph", "Write the graph to a file: DOT, Mermaid or SVG.", ("W",)),
    Action("relations.copy-value", "Copy address", "Copy the address of what the cursor is on.", ("c",)),
    Action("relations.back", "Back", "Return to what was in the middle before.", ("escape",), True),
    Action("root-links.open", "Open", "Show the relations of the entry.", ("enter",), True),
    Action("root-links.mode", "Another list", "Links to nothing, entries that stand alone, hubs.", ("v",), True),
    Action("root-links.read", "Read again", "Bring the index of the root up to date.", ("R",), True),
    Action("root-links.copy-value", "Copy address", "Copy the address of the row.", ("c",)),
    Action(
        "search.open", "Open", "Open the entry; of a value beside, take it into the query or out.", ("enter",), True
    ),
    Action("search.query", "Query", "Type what is searched.", ("slash",), True),
    Action("search.mark", "Mark", "Mark the entry, or unmark it.", ("space",), True),
    Action("search.mark-all", "Mark all", "Mark all that is found.", ("a",)),
    Action("search.sort", "Sort", "Choose the order of what is found.", ("s",), True),
    Action("search.facets", "Values", "Go to how often each type, tag or owner was found, or back.", ("o",), True),
    Action("search.in-tree", "Into the tree", "Mark in the tree what is marked here, or all that is found.", ("f2",)),
    Action("search.filter-tree", "Filter the tree", "Let the tree show what is found and nothing else.", ("z",)),
    Action("search.locate", "Show in tree", "Put the tree's cursor on the entry.", ("comma",)),
    Action("search.saved", "Saved searches", "List the searches that were kept.", ("w",), True),
    Action("search.keep", "Keep the search", "Keep the query for later.", ("W",)),
    Action("search.engine", "Engine", "Choose who answers: Redis or the local index.", ("v",)),
    Action("search.index", "Index again", "Bring the index of the root up to date.", ("R",)),
    Action("search.back", "Back", "Leave the values, take the marks away, or stop the indexing.", ("escape",)),
    Action("problems.open", "Open", "Open what the problem is about.", ("enter",), True),
    Action("problems.run", "Check again", "Run the check again.", ("R",), True),
    Action("problems.stop", "Stop", "Stop the check; what was found stays.", ("escape",)),
    Action("problems.toggle", "Fold", "Unfold or fold the group.", ("space",)),
    Action("problems.expand-all", "Unfold all", "Unfold every group.", ("plus",)),
    Action("problems.collapse-all", "Fold all", "Fold every group.", ("minus",)),
    Action("problems.group", "Group by", "Group by kind, by place or by severity.", ("v",), True),
    Action("problems.severity", "Severity", "Only errors, errors and warnings, or all.", ("o",)),
    Action("problems.filter", "Filter", "Show only problems that match what you type.", ("slash",), True),
    Action("problems.copy-value", "Copy", "Copy the problem as text.", ("c",)),
    Action("trash.open", "Look inside", "Show the files it holds and what is in them.", ("enter",), True),
    Action("trash.mark", "Mark", "Mark the row under the cursor, or unmark it.", ("space",), True),
    Action("trash.restore", "Restore", "Put it, or all that are marked, back to where it was.", ("R",), True),
    Action("trash.restore-as", "Restore as", "Put it back under another name or to another place.", ("N",)),
    Action("trash.purge", "Free", "Free the disk of it, or of all that are marked, for ever.", ("delete",), True),
    Action("trash.purge-old", "Free older", "Free the disk of what is here for longer than some days.", ("o",)),
    Action("trash.purge-all", "Empty", "Free the disk of all that is in the trash.", ("E",)),
    Action("trash.filter", "Filter", "Only what has the words in its address, name, type or owner.", ("slash",), True),
    Action("trash.sort", "Sort", "Choose the order of the rows.", ("s",)),
    Action("trash.copy-value", "Copy address", "Copy the address it had.", ("c",)),
    Action("trash.back", "Back", "Return to the list, or take the filter or the marks away.", ("escape",), True),
    Action("archive.open", "Content", "Go to what the member holds; esc comes back.", ("enter",), True),
    Action("archive.mark", "Mark", "Mark the member under the cursor, or unmark it.", ("space",), True),
    Action("archive.filter", "Filter", "Only names that have what you type; `*` and `?` work.", ("slash",), True),
    Action("archive.details", "Details", "Show all that is known of the member, or its content.", ("e",), True),
    Action("archive.extract", "Extract", "Write members to files: the marked, the found, all, this one.", ("W",), True),
    Action("archive.sort", "Sort", "Choose the order of the members.", ("s",)),
    Action("archive.group", "Group by", "Put headings between members: days, shards, folders, kinds.", ("v",)),
    Action("archive.odd", "Odd only", "Only members with problems or with the name of another, or all again.", ("o",)),
    Action("archive.check", "Check", "Look for everything that is wrong with the archive.", ("C",)),
    Action("archive.repair", "Repair", "Copy what is sound of the archive into a new one.", ("V",)),
    Action("archive.mount", "Mount", "Let the packed tree stand in the spaces folder, or take it away.", ("w",)),
    Action("archive.again", "Open again", "Open the archive again: what is there now.", ("R",)),
    Action("archive.place", "Beside it", "List the archives that are beside it.", ("minus",)),
    Action("archive.copy-value", "Copy address", "Copy where the member is: ARCHIVE#NAME.", ("c",)),
    Action("archive.back", "Back", "Return to the members, or take the filter or the marks away.", ("escape",), True),
    Action("archives.open", "Open", "Open the archive, or go into the folder or bucket.", ("enter",), True),
    Action("archives.out", "Out", "Leave the folder or bucket for the one above.", ("minus", "escape"), True),
    Action("archives.go", "Go to", "Type a path or an s3:// address and go there.", ("o",), True),
    Action("archives.filter", "Filter", "Show only names that have what you type.", ("slash",), True),
    Action("archives.again", "Read again", "List the place again.", ("R",)),
    Action("archives.pack", "Pack files", "Make an archive of files of this computer.", ("a", "insert"), True),
    Action("archives.append", "Append to a store", "Add files to a store of an archive a day and shard.", ("N",)),
    Action("archives.copy-value", "Copy address", "Copy the path or address.", ("c",)),
    # Dialogs
    Action("conflict.mine", "Mine", "Keep what I made of the key.", ("m",), True),
    Action("conflict.theirs", "Theirs", "Take what stands there now.", ("t",), True),
    Action("conflict.base", "Before", "Take what it was before both.", ("b",)),
    Action("conflict.all-mine", "All mine", "Keep mine everywhere.", ("M",)),
    Action("conflict.all-theirs", "All theirs", "Take theirs everywhere.", ("T",)),
    Action("long-text.take", "Take it", "Put the text into the form.", ("f2",), True),
    Action("ticket.take", "Take this way", "Show what it would change.", ("f2",), True),
    Action("file-picker.complete", "Complete", "Go on with what all names have alike.", ("tab",), True),
    Action("file-picker.mark", "Mark", "Mark the file, or unmark it; marks stay in other folders.", ("space",), True),
    Action("file-picker.take", "Take the marked", "Choose all files that are marked.", ("f2",), True),
    Action("file-picker.hidden", "Hidden files", "Show hidden files, or not.", ("f3",)),
    Action(
        "file-picker.out",
        "Folder above",
        "Leave the folder for the one above; so does backspace where nothing is typed.",
        ("f4",),
    ),
    Action(
        "find.mark", "Mark all", "Mark all that is found in the tree, to change or export it at once.", ("f2",), True
    ),
    Action("completing.complete", "Complete", "Take the row under the cursor into the line.", ("tab",), True),
    Action("lines.take-back", "Last line again", "Take the last line back into the input.", ("ctrl+z",), True),
    Action("report.undo", "Take all back", "Take the whole batch back.", ("U",), True),
    Action("preview.anyway", "All the same", "Make the change although something speaks against it.", ("Y",)),
    Action("dialog.accept", "Choose", "Take what the cursor is on.", ("enter",), True),
    Action("dialog.close", "Close", "Close without choosing.", ("escape",), True),
    Action("bookmarks.remove", "Remove", "Take the bookmark away.", ("f8",), True),
    Action("tasks.stop", "Stop", "Stop the task under the cursor.", ("delete", "x"), True),
    Action("notices.copy", "Copy", "Copy the notice under the cursor.", ("y",), True),
    *sql_actions.ACTIONS,
    *result_actions.ACTIONS,
    *history_actions.ACTIONS,
    *redis_actions.ACTIONS,
)

EVERYWHERE: Final = ("change", "app")
"""Contexts whose keys work in every pane."""
BY_NAME: Final = {action.name: action for action in ACTIONS}
CONTEXT_BY_NAME: Final = {context.name: context for context in CONTEXTS}


@cache
def of_context(context: str) -> tuple[Action, ...]:
    """The actions of one context, in the order of the registry."""
    return tuple(action for action in ACTIONS if action.context == context)


def bindings(context: str) -> list[BindingType]:
    """Textual bindings of a context's actions: the class attribute `BINDINGS` of whoever does them."""
    from textual.binding import Binding

    return [
        Binding(",".join(action.keys), f"act('{action.name}')", action.title, id=action.name, show=action.footer)
        for action in of_context(context)
        if action.keys
    ]


def keys_of(action: Action, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action under a person's own `keymap` (action name to comma-separated keys)."""
    own = keymap.get(action.name)
    return action.keys if own is None else tuple(key for key in own.replace(" ", "").split(",") if key)


def keymap_problems(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a person's `keymap`, a sentence each: unknown actions, keys that mean two things at once.

    Two actions clash when both contexts can be under the focus at once; an inner context may not take a key of an outer
    one either, for the outer action would be lost there without a word. Only where text is typed that is expected.
    """
    problems = [f"keys: there is no action {name!r}{nearest(name, BY_NAME)}" for name in keymap if name not in BY_NAME]
    seen: set[frozenset[str]] = set()
    for context in CONTEXTS:
        used: dict[str, Action] = {}
        for action in _reachable(context):
            for key in keys_of(action, keymap):
                other = used.setdefault(key, action)
                pair = frozenset((other.name, action.name))
                expected = action.context in EVERYWHERE and CONTEXT_BY_NAME[other.context].typed
                if other is not action and pair not in seen and not expected:
                    seen.add(pair)
                    both = f"{other.name} ({other.title}) and {action.name} ({action.title})"
                    problems.append(f"keys: {show_key(key)} means both {both}")
    return problems


def _reachable(context: Context) -> Iterable[Action]:
    around = ("dialog",) if "dialog" in (context.name, *context.inside) else (*context.inside, *EVERYWHERE)
    for name in dict.fromkeys((context.name, *around)):
        yield from of_context(name)
