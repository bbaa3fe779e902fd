"""The actions of the activity, of history stores and of queries over them."""

from __future__ import annotations

from typing import Final

from dmart_tui.tui.action import Action, Context

CONTEXTS: Final = (
    Context("activity", "Activity", ("entry", "list")),
    Context("behind", "Changes behind a bar", ("entry", "list")),
    Context("store", "History store", ("entry", "list")),
    Context("store-query", "Query of a history store", ("entry", "list"), typed=True),
)

ACTIONS: Final = (
    Action("app.activity", "Activity", "Show when, where and by whom the root was changed.", ("percent_sign",)),
    Action("app.open-store", "Open store", "Open a history store by its path."),
    Action("tree.activity", "Activity here", "Show when and by whom the branch under the cursor was changed.", ("W",)),
    Action("timeline.activity", "Activity", "Show the same as charts.", ("a",), True),
    Action("activity.open", "Changes", "List the changes behind what the cursor is on.", ("enter",), True),
    Action("activity.narrow", "Only this", "Let all charts count only what the cursor is on.", ("space",), True),
    Action("activity.closer", "Closer", "A shorter range, around the day of the calendar's cursor.", ("plus",), True),
    Action("activity.wider", "Wider", "A longer range: week, month, quarter, year, all.", ("minus",), True),
    Action("activity.earlier", "Earlier", "As long a range before this one.", ("left_parenthesis",), True),
    Action("activity.later", "Later", "As long a range after this one.", ("right_parenthesis",), True),
    Action("activity.all", "All", "All days that there are.", ("a",)),
    Action("activity.range", "Range", "Type a range: 2024, 2024-03, 2024-03-26..2024-07, 30d.", ("slash",)),
    Action("activity.mark", "From here", "Begin a range at the calendar's day; a second time ends it.", ("n",)),
    Action("activity.field", "Count by", "Choose the field whose values these bars are.", ("v",)),
    Action("activity.sources", "Sources", "Count histories, event logs or both.", ("o",)),
    Action("activity.query", "Query", "Make a query of what these bars count.", ("e",)),
    Action("activity.store", "Store", "Show the segments, days and sizes of the store.", ("w",)),
    Action("activity.timeline", "Timeline", "List every change, newest first.", ("u",)),
    Action("activity.read", "Read again", "Take what is new into the store.", ("R",)),
    Action("activity.copy-value", "Copy", "Copy what the cursor is on, with its count.", ("c",)),
    Action("activity.back", "Back", "Take the last narrowing away, or stop what runs.", ("escape",)),
    Action("behind.open", "Open", "Show the history of the entry, at this change.", ("enter",), True),
    Action("behind.details", "Details", "Show or hide the document in full.", ("space",), True),
    Action("behind.locate", "Show in tree", "Put the tree's cursor on what was changed.", ("comma",)),
    Action("behind.copy-value", "Copy", "Copy the document as JSON.", ("c",)),
    Action("behind.back", "Back to charts", "Return to the charts.", ("escape",), True),
    Action("store.activity", "Activity", "Show what is in the store as charts.", ("a",), True),
    Action("store.query", "Query", "Ask the store.", ("e",), True),
    Action("store.seal", "Seal", "Make columns of what was appended: they are smaller and read faster.", ("s",), True),
    Action("store.compact", "Compact", "Merge segments that share days, and leave out what was erased.", ("C",), True),
    Action("store.verify", "Verify", "Look for everything that is wrong with the store.", ("V",)),
    Action("store.read", "Read again", "Look at the store again.", ("R",)),
    Action("store.copy-value", "Copy", "Copy the row.", ("c",)),
    Action("store.back", "Stop", "Stop what runs.", ("escape",)),
    Action("store-query.run", "Run", "Ask the store.", ("f5", "f10"), True),
    Action("store-query.result", "Result", "Go over to the result, or back to the parts.", ("f2",), True),
    Action("store-query.save", "Keep", "Keep the query under a name.", ("f4",), True),
    Action("store-query.saved", "Kept queries", "List the queries that were kept.", ("f3",), True),
    Action("store-query.export", "Export", "Write the result to a file.", ("f6",)),
    Action("store-query.chart", "Chart", "Show the result as a chart, or as a table again.", ("f7",)),
    Action("store-query.settings", "Workers", "How many workers, documents a task, and how nice they are.", ("f8",)),
    Action("store-query.text", "As text", "Type or paste the query as one text.", ("f9",)),
    Action("store-query.copy-value", "Copy", "Copy the query as text.", ("f11",)),
    Action("store-query.back", "Back", "Stop what runs, or return to the parts.", ("escape",)),
)
