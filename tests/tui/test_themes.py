from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from dmart_tui.core.errors import UsageFault
from dmart_tui.tui import themes

NOWHERE = Path("/nonexistent")
OURS = themes.names(NOWHERE)
COLOURED = [name for name in OURS if not themes.load(name, NOWHERE).ansi]
CUBE = {0, 0x5F, 0x87, 0xAF, 0xD7, 0xFF}


def test_there_are_dark_light_contrast_and_sixteen() -> None:
    read = [themes.load(name, NOWHERE) for name in OURS]
    assert sum(theme.dark and not theme.ansi for theme in read) >= 3
    assert sum(not theme.dark for theme in read) >= 2
    assert sum(theme.ansi for theme in read) >= 1


@pytest.mark.parametrize("name", OURS)
def test_every_theme_gives_textual_all_it_wants(name: str) -> None:
    theme = themes.load(name, NOWHERE)
    variables = theme.to_color_system().generate() | theme.variables
    accent = Color.parse(theme.primary)
    for variable in ("border", "block-cursor-background", "text-accent"):
        assert Color.parse(variables[variable]) == accent
    for variable in variables.values():
        assert variable


@pytest.mark.parametrize("name", COLOURED)
def test_a_terminal_of_256_colours_shows_exactly_these(name: str) -> None:
    theme = themes.load(name, NOWHERE)
    values = [value for value in vars(theme).values() if isinstance(value, str) and value.startswith("#")]
    for value in (*values, *theme.variables.values()):
        if value.startswith("#"):
            red, green, blue = Color.parse(value).rgb
            grey = red == green == blue and (red - 8) % 10 == 0
            assert grey or {red, green, blue} <= CUBE, value


def ratio(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    parts = [part / 255 for part in color.rgb]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", COLOURED)
@pytest.mark.parametrize("text", ["text", "text-muted", "text-accent", "text-success", "text-warning", "text-error"])
def test_text_can_be_read_on_every_ground(name: str, text: str) -> None:
    theme = themes.load(name, NOWHERE)
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        least = 7 if name == "contrast" and ground != theme.panel else 4.5 if text != "text-muted" else 4.0
        assert ratio(Color.parse(theme.variables[text]), Color.parse(ground)) >= least, (ground, text)
    cursor = theme.variables["block-cursor-foreground"], theme.variables["block-cursor-background"]
    assert ratio(*map(Color.parse, cursor)) >= 4.5


def write(folder: Path, name: str, change: dict[str, str | None]) -> None:
    lines = (themes.folders(NOWHERE)[1] / "night.toml").read_text().splitlines()
    kept = [line for line in lines if line.partition(" = ")[0] not in change]
    added = [f"{key} = {value}" for key, value in change.items() if value is not None]
    (folder / f"{name}.toml").write_text("\n".join([*kept, *added]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"accent": None}, "lacks the colours accent"),
        ({"accent": '"sky"'}, "accent is no colour: 'sky'"),
        ({"accent": "7"}, "accent is no colour: 7"),
        ({"acent": '"#5fafd7"'}, "did you mean 'accent'?"),
        ({"dark": None, "x": "=="}, "is not TOML"),
    ],
)
def test_a_wrong_theme_says_what_is_wrong(tmp_path: Path, change: dict[str, str | None], said: str) -> None:
    write(tmp_path, "mine", change)
    with pytest.raises(UsageFault) as caught:
        themes.load("mine", tmp_path)
    assert said in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_own_themes_go_before_ours(tmp_path: Path) -> None:
    write(tmp_path, "night", {"accent": '"#ff0000"'})
    assert themes.load("night", tmp_path).accent == "#ff0000"
    assert themes.names(tmp_path) == OURS


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageFault, match="night"):
        themes.load("nigt", NOWHERE)


@pytest.mark.parametrize(
    ("system", "ground", "name"),
    [("256", "", "night"), ("truecolor", "0;15", "paper"), ("standard", "0;15", "sixteen"), (None, "", "sixteen")],
)
def test_the_terminal_chooses_when_nobody_did(
    monkeypatch: pytest.MonkeyPatch, system: str | None, ground: str, name: str
) -> None:
    monkeypatch.setenv("COLORFGBG", ground)
    assert themes.suited(system) == name
