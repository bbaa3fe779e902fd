"""The editor of an entry: its meta and its payload, each as a form and as text that are kept in step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.forms import parse, with_field
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import Counted
from dmart_tui.tui.outside import edited
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.widgets.code_editor import CodeEditor, Diagnostic
from dmart_tui.tui.widgets.form import Form
from dmart_tui.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Entry
    from dmart_tui.core.writing import Draft, Remark
    from dmart_tui.core.writing.draft import Part
    from dmart_tui.core.writing.suggesting import Suggestions
    from dmart_tui.tui.writing.locking import EditLock

WIDE: Final = 130
"""Cells from which form and text stand beside each other."""
REST: Final = 0.25
"""Seconds without a key until the other side and the remarks follow what is typed."""
LARGE: Final = 100_000
"""Characters from which an edit of the form goes into the text beside the event loop's other work."""
_LANGUAGES: Final = {"markdown": "markdown", "html": "html", "python": "python", "json": "json"}


class EditPane(EntryView):
    """Form and text over one draft. Nothing is written before it is saved, and then it is shown first."""

    CONTEXT = "edit"
    BINDINGS = bindings("edit")
    VIEW = "edit"
    TITLE = "Edit"
    DEFAULT_CSS = """
    EditPane { layout: vertical; }
    EditPane > TabStrip { margin-bottom: 0; }
    EditPane > .told { height: auto; max-height: 4; padding: 0 1; color: $text-warning; display: none; }
    EditPane > Horizontal { height: 1fr; }
    EditPane CodeEditor { border-left: none; }
    EditPane.-wide CodeEditor { border-left: vkey $border-blurred; padding-left: 1; }
    """
    PARTS: ClassVar[dict[str, str]] = {"meta": "Meta", "body": "Payload"}

    def __init__(self) -> None:
        super().__init__()
        self._told = Static("", classes="told")
        self.draft: Draft | None = None
        self.part: Part = "body"
        self.mode = "form"
        """Which side is worked in; the only one shown where there is no room for both."""
        self._entry: Entry | None = None
        self._address: Address | None = None
        """What is edited: the entry shown, or one of its attachments."""
        self._kept: dict[str, object] = {}
        """What the last session left, until it is known whether it fits."""
        self._remarks: dict[Part, list[Remark]] = {}
        self._suggestions: Suggestions | None = None
        self._saving = False
        self._lock: EditLock | None = None
        self._timer: Any = None
        self.tabs = TabStrip([Tab(key, title) for key, title in self.PARTS.items()])
        self.form = Form()
        self.editor = CodeEditor()

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield self._told
        with Horizontal():
            yield self.form
            yield self.editor

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._secrets_changed())

    # -- as a view ---------------------------------------------------------------------------------------

    async def show(self, entry: Entry) -> None:
        same = self._entry is not None and self._entry.address == entry.address
        self._entry = entry
        if self._saving:
            return
        if same and self.unsaved:
            await self._tell_of_others()
        else:
            await self._open(self._address if same and self._address else entry.address)

    async def reveal(self, address: Address) -> None:
        if address != self._address and not self.unsaved:
            await self._open(address)

    @property
    def unsaved(self) -> bool:
        return self.draft is not None and self.draft.modified

    def take_focus(self) -> None:
        (self.form if self._form_shows else self.editor).focus()

    def state(self) -> dict[str, object]:
        state: dict[str, object] = {"part": self.part, "mode": self.mode}
        if self.draft is not None and (edits := self.draft.state()) is not None:
            state["edits"] = edits
        elif "edits" in self._kept:
            state["edits"] = self._kept["edits"]
        return state

    def restore(self, state: dict[str, object]) -> None:
        self._kept = dict(state)
        if state.get("part") in self.PARTS:
            self.part = cast("Part", state["part"])
        if state.get("mode") in ("form", "text"):
            self.mode = str(state["mode"])

    def on_resize(self) -> None:
        self._arrange()

    # -- opening -----------------------------------------------------------------------------------------

    async def _open(self, address: Address) -> None:
        from dmart_tui.core.writing import Draft, open_document
        from dmart_tui.tui.writing.locking import words_of_lock

        self._address = address
        store = self._desk.store
        try:
            document = await background.run(open_document, store, address)
            draft = await background.run(Draft, store, document, reveal=self._app.show_secrets)
        except DmartTuiError as error:
            self.draft = None
            self._say(f"✗ {error}")
            self._arrange()
            return
        if self._address != address:
            return
        if self._lock is not None:
            await background.run(self._lock.leave_for, address)
        await self._take(draft)
        if words := await background.run(words_of_lock, self._desk, address):
            self._say(words)

    async def _take(self, draft: Draft) -> None:
        """Show a draft from its beginning."""
        self.draft = draft
        self._say("")
        edits = self._kept.pop("edits", None)
        if isinstance(edits, dict):
            if draft.restore(edits):
                self._say("These edits are of the last session and not saved yet.")
            else:
                self._say("! Edits of the last session are lost: the entry was changed since.")
        if self.part not in draft.parts or (self.part == "body" and draft.document.body_kind == "none"):
            self.part = "meta"
        if self.part == "body" and not draft.body_is_json:
            self.mode = "text"
        self._suggestions = None
        self._load()
        await self._judge()

    async def _hold(self) -> None:
        """Lock what is edited, and show it as that left it."""
        from dmart_tui.tui.writing.locking import EditLock

        if self._lock is None:
            self._lock = EditLock(self._desk)
        draft = cast("Draft", self.draft)
        if await background.run(self._lock.take, draft.document.address) and not draft.modified:
            await self._open(draft.document.address)

    def _wants_lock(self) -> bool:
        settings = self._app.settings
        return settings.lock_while_editing and not settings.read_only and self.draft is not None

    def on_descendant_focus(self) -> None:
        if self._wants_lock() and (self._lock is None or self._lock.address is None):
            self._app.tasks.spawn(self._hold(), group="edit-lock")

    def on_unmount(self) -> None:
        if self._lock is not None:
            self._lock.give_back()

    def _load(self) -> None:
        """Fill form and text from the draft."""
        draft = cast("Draft", self.draft)
        self.tabs.set_tabs([Tab(part, self.PARTS[part]) for part in draft.parts])
        self.tabs.select_key(self.part)
        self.editor.language = self._language
        self.editor.text = draft.text(self.part)
        self._arrange()

    async def _fill_form(self) -> None:
        draft = self.draft
        if draft is None or not self._has_form:
            return
        part = self.part
        schema = await background.run(draft.schema, part)
        if draft is not self.draft or part != self.part:
            return
        fault = draft.fault(part)
        wrong: dict[tuple[str | int, ...], list[str]] = {}
        for remark in () if fault else self._remarks.get(part, ()):
            wrong.setdefault(remark.path, []).append(remark.text)
        if fault and not self.editor.display:
            self._say(f"✗ The text {fault}. The form shows what it was before: mend the text first.")
        self.form.load(
            schema,
            draft.value(part),
            violations=wrong,
            suggest=self._suggest,
            check=partial(draft.check, part),
            read_only=bool(fault),
        )

    def _suggest(self, field: Any, typed: str) -> list[str]:
        if self._suggestions is None:
            from dmart_tui.core.writing.suggesting import Suggestions

            self._suggestions = Suggestions(cast("Draft", self.draft).document.address, self._desk.store.spaces)
        return self._suggestions.matching(field.path, typed)

    @property
    def _has_form(self) -> bool:
        return self.draft is not None and (self.part == "meta" or self.draft.body_is_json)

    @property
    def _form_shows(self) -> bool:
        return self._has_form and self.mode == "form"

    @property
    def _language(self) -> str:
        draft = cast("Draft", self.draft)
        if self.part == "meta" or draft.body_is_json:
            return "json"
        payload = draft.document.item.payload
        return _LANGUAGES.get(payload.content_type if payload else "", "text")

    def _arrange(self) -> None:
        """Show the sides there is room for."""
        wide = self.size.width >= WIDE and self._has_form
        self.set_class(wide, "-wide")
        had_focus = self.has_focus_within
        self.form.display = self.draft is not None and self._has_form and (wide or self.mode == "form")
        self.editor.display = self.draft is not None and (wide or not self.form.display)
        if had_focus:
            self.take_focus()

    # -- editing -----------------------------------------------------------------------------------------

    @on(Form.Edited)
    async def _form_edited(self, message: Form.Edited) -> None:
        message.stop()
        draft = cast("Draft", self.draft)
        try:
            value = with_field(draft.value(self.part), message.path, message.value)
            if len(draft.text(self.part)) > LARGE:
                await background.run(draft.set, self.part, value)
            else:
                draft.set(self.part, value)
        except DmartTuiError as error:
            self._app.report(error)
            return
        if draft is not self.draft:
            return
        self.editor.replace_text(draft.text(self.part))
        await self._fill_form()
        self._touched()

    @on(Form.OpenText)
    async def _long_text(self, message: Form.OpenText) -> None:
        message.stop()
        self._app.tasks.spawn(self._edit_long(message), group="long-text")

    async def _edit_long(self, message: Form.OpenText) -> None:
        from dmart_tui.tui.writing.long_text import LongText

        text = await self._app.ask(LongText(message.field.title, message.text))
        if text is None:
            return
        try:
            value = parse(message.field, text)
        except DmartTuiError as error:
            self._app.report(error)
            return
        self.form.post_message(Form.Edited(self.form, message.path, value))

    @on(CodeEditor.Changed)
    def _text_changed(self, message: CodeEditor.Changed) -> None:
        message.stop()
        draft = self.draft
        if draft is None or draft.text(self.part) == self.editor.text:
            return
        draft.type(self.part, self.editor.text, touched="typing")
        self._touched()

    @on(CodeEditor.CopyRequested)
    def _copy(self, message: CodeEditor.CopyRequested) -> None:
        message.stop()
        self._app.copy_text(message.text)

    def _touched(self) -> None:
        """Something was edited: keep it, and judge it as soon as typing rests."""
        self._app.workspace.keep_current()
        self._app.checkpoint()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST, self._rested)
        self._show_state()

    def _rested(self) -> None:
        self._timer = None
        if self._wants_lock():
            self._app.tasks.spawn(self._hold(), group="edit-lock")
        self._app.tasks.spawn(self._judge(), group="judge", exclusive=True)

    async def _judge(self) -> None:
        draft = self.draft
        if draft is None:
            return
        for part in draft.parts:
            self._remarks[part] = await background.run(draft.remarks, part)
        if draft is not self.draft:
            return
        remarks = self._remarks.get(self.part, [])
        self.editor.set_diagnostics([Diagnostic(one.line, one.column, one.length, one.text) for one in remarks])
        await self._fill_form()
        self._show_state()

    def _show_state(self) -> None:
        draft = cast("Draft", self.draft)
        wrong = 0
        for part in draft.parts:
            found = len(self._remarks.get(part, ()))
            wrong += found
            sign, tone = (f"✗ {found}", "error") if found else ("", "")
            self.tabs.update_tab(part, sign=sign, tone=tone)
        self.post_message(Counted(self.VIEW, None, sign="●" if draft.modified else ""))
        self.app.refresh_bindings()

    # -- saving ------------------------------------------------------------------------------------------

    async def save(self) -> bool:
        """Show what saving does and save; whether it is saved."""
        draft = await self._with_theirs()
        if draft is None:
            return False
        self._saving = True
        try:
            done = await self._desk.propose(draft.plan)
        finally:
            self._saving = False
        if done is None:
            return not draft.modified
        await self._open(draft.document.address)
        return True

    async def _with_theirs(self) -> Draft | None:
        """The draft, with what others changed meanwhile taken in; None when a person left the conflict."""
        draft = cast("Draft", self.draft)
        found = await background.run(draft.theirs)
        if found is None:
            return draft
        chosen: dict[tuple[str, ...], Any] = {}
        if found.clashes:
            from dmart_tui.tui.writing.conflict import Conflict

            answer = await self._app.ask(Conflict(draft.document, found))
            if answer is None:
                return None
            chosen = answer
        merged = await background.run(draft.merged, found, chosen)
        taken = len(found.meta.theirs) + (len(found.body.theirs) if found.body else 0)
        self._app.notify(f"Taken in what others changed meanwhile: {taken} key{'s' * (taken != 1)}.")
        await self._take(merged)
        return merged

    async def _tell_of_others(self) -> None:
        """It changed on the disk under edits that are not saved."""
        from dmart_tui.tui.writing.conflict import told

        self._say(told(await background.run(cast("Draft", self.draft).theirs)))

    def _say(self, words: str) -> None:
        self._told.display = bool(words)
        self._told.update(Content(safe(words)))

    def _secrets_changed(self) -> None:
        draft = self.draft
        if draft is not None and draft.reveal != self._app.show_secrets and not draft.modified:
            self._app.tasks.spawn(self._open(draft.document.address), group="edit-open")

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        draft = self.draft
        if draft is None:
            return "There is nothing to edit."
        if action in ("edit.save", "edit.discard") and not draft.modified:
            return "Nothing is changed."
        if (action == "edit.undo" and not draft.can_undo) or (action == "edit.redo" and not draft.can_redo):
            return f"There is nothing to {action[5:]}."
        if action == "edit.part" and len(draft.parts) < 2:
            return "The payload is no text: replace its file instead."
        if action == "edit.mode" and not self._has_form:
            return "A text has no form."
        return None

    async def do_save(self) -> None:
        await self.save()

    async def do_part(self) -> None:
        parts = cast("Draft", self.draft).parts
        self.part = parts[(parts.index(self.part) + 1) % len(parts)]
        self._load()
        await self._judge()
        self.take_focus()

    async def do_mode(self) -> None:
        self.mode = "text" if self.mode == "form" else "form"
        self._say("")
        self._arrange()
        await self._fill_form()
        self.take_focus()

    async def do_undo(self) -> None:
        await self._step(cast("Draft", self.draft).undo)

    async def do_redo(self) -> None:
        await self._step(cast("Draft", self.draft).redo)

    async def _step(self, step: Callable[[], bool]) -> None:
        step()
        draft = cast("Draft", self.draft)
        self.editor.replace_text(draft.text(self.part))
        await self._fill_form()
        self._touched()

    def edit_outside(self) -> None:
        """Edit the part that shows in the person's own editor; what it leaves is an edit as any other."""
        draft = cast("Draft", self.draft)
        suffix = {"json": "json", "markdown": "md", "html": "html", "python": "py"}.get(self._language, "txt")
        text = edited(self._app, draft.text(self.part), f"{self.part}.{suffix}")
        self._app.redraw_all()
        if text != draft.text(self.part):
            draft.type(self.part, text)
            self.editor.replace_text(text)
            self._touched()

    async def do_discard(self) -> None:
        from dmart_tui.tui.screens.dialog import confirm

        draft = cast("Draft", self.draft)
        if await self._app.ask(confirm("Throw the edits away", "What was typed here is lost.", "Throw away")):
            await self._open(draft.document.address)

    @on(TabStrip.Selected)
    async def _tab(self, message: TabStrip.Selected) -> None:
        message.stop()
        if message.key != self.part and self.draft is not None:
            await self.do_part()
