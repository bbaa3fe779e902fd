from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from dmart_tui.core import config
from dmart_tui.core.errors import UsageFault


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DMART_TUI_ROOT", "DMART_TUI_THEME", "DMART_TUI_REDIS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DMART_TUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("DMART_TUI_STATE", str(tmp_path / "state"))
    config.paths.cache_clear()
    yield
    config.paths.cache_clear()


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)


def test_without_a_file_all_is_default() -> None:
    assert config.load() == config.Settings()


def test_the_default_file_changes_nothing_and_names_every_key(tmp_path: Path) -> None:
    text = config.default_config_text()
    write(tmp_path, text)
    assert config.load() == config.Settings()
    uncommented = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line and "." not in line)
    assert {field.name for field in fields(config.Settings)} - {"keys", "s3"} <= set(tomllib.loads(uncommented))


def test_values_are_read_and_the_environment_goes_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 'root = "/a"\ntheme = "paper"\nmouse = false\nclipboard = "osc52"\n')
    monkeypatch.setenv("DMART_TUI_THEME", "ember")
    settings = config.load()
    assert (settings.root, settings.theme, settings.mouse, settings.clipboard) == ("/a", "ember", False, "osc52")


def test_keys_may_be_dotted_quoted_and_lists(tmp_path: Path) -> None:
    write(tmp_path, '[keys]\ntree.open = ["enter", "o"]\n"app.quit" = "Q"\n')
    assert config.load().keys == {"tree.open": "enter,o", "app.quit": "Q"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('them = "night"', "did you mean 'theme'?"),
        ('mouse = "yes"', "mouse must be true or false, not a text in quotes"),
        ('clipboard = "tmx"', "did you mean 'tmux'?"),
        ('icons = "emoji"', "one of: unicode, ascii"),
        ("clipboard_limit = true", "clipboard_limit must be a number, not true or false"),
        ("keys = 7", "keys must be a table"),
        ("[keys]\ntree.open = 7", "tree.open must be a key in quotes"),
        ("root = ", "is not TOML"),
    ],
)
def test_a_wrong_file_says_where_what_and_what_was_meant(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageFault) as caught:
        config.load()
    assert said in str(caught.value)
    assert "config.toml" in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageFault, match="UTF-8"):
        config.load()


def test_a_file_named_on_the_command_line_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no such configuration file"):
        config.load(str(tmp_path / "other.toml"))


def test_themes_lie_beside_the_configuration(tmp_path: Path) -> None:
    assert config.paths().themes == tmp_path / "themes"
    assert config.paths().state == tmp_path / "state"


def test_without_the_variables_the_places_are_xdg_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DMART_TUI_CONFIG")
    monkeypatch.delenv("DMART_TUI_STATE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    config.paths.cache_clear()
    assert config.paths().config == tmp_path / "c" / "dmart-tui" / "config.toml"
    assert config.paths().state == tmp_path / "s" / "dmart-tui"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("", ""),
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://ali:s3cret@host:6379/1", "redis://••••••@host:6379/1"),
        ("rediss://:s3cret@host", "rediss://••••••@host"),
        ("redis://host/0?password=s3cret", "redis://host/0"),
        ("redis://:s3/cr@et@host", "••••••"),
        ("redis://:s3cret#@host", "••••••"),
        ("redis:s3cret@host", "••••••"),
        ("unix:///run/redis.sock?password=s3cret", "••••••"),
        ("redis://[s3cret", "••••••"),
    ],
)
def test_the_password_of_the_redis_is_never_shown(
    url: str, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMART_TUI_REDIS", url)
    settings = config.load()
    assert settings.redis == url
    assert config.shown(settings)["redis"] == seen
    assert "s3cret" not in repr(settings)
    assert config.shown(settings).keys() == {field.name for field in fields(config.Settings)}


def test_who_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "sara")
    assert config.acting_user(config.Settings()) == "sara"
    assert config.acting_user(config.Settings(user="ali")) == "ali"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert config.acting_user(config.Settings()).isdecimal()
