# ruff: noqa: I001
"""Changing spaces folders safely: every change is planned, shown, carried out whole, and can be taken back.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.writing.attaching import (
        FILE_TYPES as FILE_TYPES,
        plan_attach as plan_attach,
        plan_replace as plan_replace,
    )
    from dmart_tui.core.writing.commenting import (
        REACTIONS as REACTIONS,
        plan_comment as plan_comment,
        plan_react as plan_react,
        plan_reply as plan_reply,
    )
    from dmart_tui.core.writing.conflicts import (
        Conflicting as Conflicting,
        rebase as rebase,
        save as save,
        theirs as theirs,
    )
    from dmart_tui.core.writing.creating import (
        AUTO as AUTO,
        ENTRY_TYPES as ENTRY_TYPES,
        FileBody as FileBody,
        plan_create as plan_create,
    )
    from dmart_tui.core.writing.documents import (
        Document as Document,
        KEEP as KEEP,
        open_document as open_document,
    )
    from dmart_tui.core.writing.draft import (
        Draft as Draft,
        Remark as Remark,
    )
    from dmart_tui.core.writing.entry_locks import (
        lock_entry as lock_entry,
        plan_lock as plan_lock,
        plan_unlock as plan_unlock,
        unlock_entry as unlock_entry,
    )
    from dmart_tui.core.writing.inbound import (
        Inbound as Inbound,
    )
    from dmart_tui.core.writing.linking import (
        plan_link as plan_link,
        plan_unlink as plan_unlink,
    )
    from dmart_tui.core.writing.moving import (
        plan_move as plan_move,
    )
    from dmart_tui.core.writing.operations import (
        MoveTo as MoveTo,
        Operation as Operation,
        Pointers as Pointers,
        SetKeys as SetKeys,
        Tag as Tag,
        Trash as Trash,
    )
    from dmart_tui.core.writing.plan import (
        Added as Added,
        Created as Created,
        Edited as Edited,
        Moved as Moved,
        Plan as Plan,
        Trashed as Trashed,
        Undo as Undo,
        Warned as Warned,
        joined as joined,
    )
    from dmart_tui.core.writing.progressing import (
        plan_progress as plan_progress,
        ways_on as ways_on,
    )
    from dmart_tui.core.writing.reverting import (
        LEFT_ALONE as LEFT_ALONE,
        plan_restore_to as plan_restore_to,
        plan_revert as plan_revert,
        why_not_reverted as why_not_reverted,
    )
    from dmart_tui.core.writing.saving import (
        Members as Members,
        plan_save as plan_save,
        plan_set as plan_set,
    )
    from dmart_tui.core.writing.store import (
        Done as Done,
        Store as Store,
        open_store as open_store,
    )
    from dmart_tui.core.writing.trash import (
        Purged as Purged,
        TrashFile as TrashFile,
        TrashItem as TrashItem,
        plan_restore as plan_restore,
        plan_trash as plan_trash,
        purge as purge,
        trash_files as trash_files,
        trash_item as trash_item,
        trash_items as trash_items,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "attaching": "FILE_TYPES plan_attach plan_replace",
            "commenting": "REACTIONS plan_comment plan_react plan_reply",
            "conflicts": "Conflicting rebase save theirs",
            "creating": "AUTO ENTRY_TYPES FileBody plan_create",
            "documents": "Document KEEP open_document",
            "draft": "Draft Remark",
            "entry_locks": "lock_entry plan_lock plan_unlock unlock_entry",
            "inbound": "Inbound",
            "linking": "plan_link plan_unlink",
            "moving": "plan_move",
            "operations": "MoveTo Operation Pointers SetKeys Tag Trash",
            "plan": "Added Created Edited Moved Plan Trashed Undo Warned joined",
            "progressing": "plan_progress ways_on",
            "reverting": "LEFT_ALONE plan_restore_to plan_revert why_not_reverted",
            "saving": "Members plan_save plan_set",
            "store": "Done Store open_store",
            "trash": "Purged TrashFile TrashItem plan_restore plan_trash purge trash_files trash_item trash_items",
        },
    )
