from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dmart_tui.core import config
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.profiles import S3Profile

Load = Callable[[str], config.Settings]
SECRET = "wJalrXUtnFEMI"
FULL = f"""
[s3.profiles.store]
endpoint = "http://127.0.0.1:9000"
region = "eu-west-2"
path_style = false
access_key = "AKIAKEY"
secret_key = "{SECRET}"

[s3.profiles.open-data]
anonymous = true
"""


@pytest.fixture
def load(tmp_path: Path, own_folders: Path) -> Load:
    def loaded(text: str) -> config.Settings:
        file = tmp_path / "config.toml"
        file.write_text(text)
        return config.load(str(file))

    return loaded


def test_profiles_are_read(load: Load) -> None:
    profiles = load(FULL).s3
    assert profiles["open-data"] == S3Profile(anonymous=True)
    assert profiles["store"].endpoint == "http://127.0.0.1:9000"
    assert profiles["store"].secret_key == SECRET
    assert profiles["store"].path_style is False


def test_a_secret_is_never_shown(load: Load) -> None:
    settings = load(FULL)
    shown = config.shown(settings)
    assert shown["s3"]["store"]["region"] == "eu-west-2"
    for text in (str(shown), repr(settings), str(settings.s3["store"])):
        assert SECRET not in text
        assert "AKIAKEY" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s3 = 7", "s3 must hold tables"),
        ("[s3.profile.a]", "s3 must hold tables"),
        ("[s3.profiles]\na = 7", "s3.profiles.a must be a table"),
        ('[s3.profiles."a b"]', "letters, digits"),
        ("[s3.profiles.a]\nendpont = 'x'", "unknown key 'endpont'"),
        ("[s3.profiles.a]\nanonymous = 'yes'", "anonymous must be true or false"),
        ("[s3.profiles.a]\nregion = 7", "region must be a text"),
        ("[s3.profiles.a]\nendpoint = 'host:9000'", "endpoint is no URL"),
        ("[s3.profiles.a]\nendpoint = 'http://[::1'", "endpoint is no URL"),
        (f"[s3.profiles.a]\nendpoint = 'http://k:{SECRET}@host'", "more than a server"),
        (f"[s3.profiles.a]\nsecret_key = '{SECRET}'", "go together"),
        (f"[s3.profiles.a]\nsecret_key = ['{SECRET}']", "secret_key must be a text"),
    ],
)
def test_a_wrong_profile_says_which_and_tells_no_secret(load: Load, text: str, said: str) -> None:
    with pytest.raises(UsageFault) as caught:
        load(text)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_settings_on_the_command_line_mask_keys(tmp_path: Path, own_folders: Path) -> None:
    from click.testing import CliRunner

    from dmart_tui.cli.program import main

    file = tmp_path / "config.toml"
    file.write_text(FULL)
    for words in (["config", "show"], ["config", "show", "--json"]):
        result = CliRunner().invoke(main, [*words, "--config", str(file)])
        assert result.exit_code == 0, result.output
        assert "eu-west-2" in result.output
        assert SECRET not in result.output
