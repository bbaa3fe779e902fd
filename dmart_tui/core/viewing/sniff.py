"""Which kind of view a payload wants."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

ViewKind = Literal["json", "markdown", "code", "text", "image", "table", "hex"]

SNIFF_BYTES: Final = 4096

_CODE: Final = {
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "xml": "xml",
    "svg": "xml",
    "css": "css",
    "scss": "scss",
    "js": "javascript",
    "mjs": "javascript",
    "jsx": "jsx",
    "ts": "typescript",
    "tsx": "tsx",
    "vue": "html",
    "svelte": "html",
    "py": "python",
    "python": "python",
    "sql": "sql",
    "sh": "bash",
    "bash": "bash",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "ini": "ini",
    "cfg": "ini",
    "conf": "ini",
    "rs": "rust",
    "go": "go",
    "java": "java",
    "kt": "kotlin",
    "c": "c",
    "h": "c",
    "cpp": "cpp",
    "rb": "ruby",
    "php": "php",
    "lua": "lua",
    "dart": "dart",
    "diff": "diff",
    "patch": "diff",
    "dockerfile": "docker",
}
_MARKDOWN: Final = frozenset({"md", "markdown"})
_IMAGES: Final = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp", "ico"})
_TABLES: Final = {
    "csv": "csv",
    "tsv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "duckdb": "duckdb",
}
_TEXTS: Final = frozenset({"txt", "text", "log", "lst", "srt", "vtt"})
_BINARIES: Final = frozenset(
    {"pdf", "audio", "video", "apk", "zip", "gz", "mp3", "mp4", "wav", "ogg", "doc", "docx", "xls", "xlsx"}
)
_MIME_WORDS: Final = (
    ("json", "json"),
    ("markdown", "md"),
    ("html", "html"),
    ("xml", "xml"),
    ("csv", "csv"),
    ("javascript", "js"),
    ("python", "py"),
    ("png", "png"),
    ("jpeg", "jpg"),
    ("gif", "gif"),
    ("webp", "webp"),
    ("sqlite", "sqlite"),
    ("parquet", "parquet"),
)


class Sniffed(NamedTuple):
    """What was found: a kind, and for `code` the lexer's name, for `table` the format."""

    kind: ViewKind
    detail: str = ""


def sniff(content_type: str = "", name: str = "", head: bytes = b"") -> Sniffed:
    """Tell which view suits a payload from what it is said to be, what it is called and how it starts.

    Args:
        content_type: a D-MART content type (`json`, `markdown`, `image` ...) or a MIME type; may be empty or wrong.
        name: its file name.
        head: its first bytes, `SNIFF_BYTES` are enough. What they prove wins over both names.
    """
    if proven := _magic(head):
        return proven
    said = content_type.lower().strip()
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    textual = is_text(head)
    candidates = [extension, said if "/" not in said else _from_mime(said)]
    for candidate in candidates:
        found = _by_word(candidate)
        if found and (textual or not head or found.detail in ("parquet", "sqlite", "duckdb") or found.kind == "hex"):
            return found
    if said in ("image", "image_jpeg") and not textual:
        return Sniffed("image")
    if not textual:
        return Sniffed("hex")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return Sniffed("json")
    if start[:5].lower() in (b"<?xml", b"<svg "):
        return Sniffed("code", "xml")
    if start[:9].lower() == b"<!doctype" or start[:5].lower() == b"<html":
        return Sniffed("code", "html")
    return Sniffed("text")


def is_text(head: bytes) -> bool:
    """Whether first bytes look like UTF-8 text; an empty file does."""
    if b"\0" in head:
        return False
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    odd = sum(1 for char in text if char < " " and char not in "\t\n\r\f\x1b")
    return odd * 20 <= len(text)


def _magic(head: bytes) -> Sniffed | None:
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\0\0\1\0")):
        return Sniffed("image")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("image")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Sniffed("image")
    if head.startswith(b"SQLite format 3\0"):
        return Sniffed("table", "sqlite")
    if head.startswith(b"PAR1"):
        return Sniffed("table", "parquet")
    if head[8:12] == b"DUCK":
        return Sniffed("table", "duckdb")
    if head.startswith((b"%PDF-", b"PK\3\4", b"\x1f\x8b")):
        return Sniffed("hex")
    return None


def _from_mime(mime: str) -> str:
    return next((word for part, word in _MIME_WORDS if part in mime), "txt" if mime.startswith("text/") else "")


def _by_word(word: str) -> Sniffed | None:
    if word == "json":
        return Sniffed("json")
    if word in _MARKDOWN:
        return Sniffed("markdown")
    if word in _CODE:
        return Sniffed("code", _CODE[word])
    if word in _TABLES:
        return Sniffed("table", _TABLES[word])
    if word in _TEXTS:
        return Sniffed("text")
    if word in _IMAGES or word in _BINARIES:
        return Sniffed("hex")  # its first bytes did not prove that it is one
    return None
