"""What is built is what works: the wheel alone, in a clean environment; needs a package index."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("built from a source")
    run = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(SOURCE)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


@pytest.mark.slow
def test_the_wheel_holds_the_program_its_themes_and_its_licence(built: Path) -> None:
    with zipfile.ZipFile(only(built, "*.whl")) as wheel:
        names = set(wheel.namelist())
    themes = {f"dmart_tui/themes/{file.name}" for file in (SOURCE / "themes").glob("*.toml")}
    files = {
        file.relative_to(SOURCE).as_posix()
        for file in (SOURCE / "dmart_tui").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert len(themes) >= 6
    assert themes | files <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)


@pytest.mark.slow
def test_the_sdist_holds_what_makes_and_tests_it(built: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py", ".ci/run"} <= names
    assert "requirements/test.txt" in names
    assert not any("__pycache__" in name for name in names)


@pytest.mark.slow
def test_the_wheel_alone_makes_and_lists_the_demo(built: Path, tmp_path: Path) -> None:
    environment = tmp_path / "clean environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=300)
    pip = [environment / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, only(built, "*.whl")], check=True, timeout=600)
    program = environment / "bin/dmart-tui"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [program, *arguments], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    root = run("demo", tmp_path / "a demo", "--no-ui").strip()
    assert root == str(tmp_path / "a demo/spaces")
    assert "management\tspace" in run("--root", root, "ls")
    themes = run_python(environment, "from dmart_tui.tui import themes; print(themes.__file__)", tmp_path)
    assert (Path(themes).parents[1] / "themes").is_dir()
    subprocess.run([environment / "bin/python", "-m", "pip", "check"], check=True, timeout=120)


def run_python(environment: Path, code: str, folder: Path) -> str:
    """What a line of Python prints in an environment."""
    return subprocess.run(
        [environment / "bin/python", "-c", code], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


def test_the_lock_meets_what_the_package_asks_for() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["test"]
    locked = {}
    for line in (SOURCE / "requirements/test.txt").read_text().splitlines():
        name, equals, version = line.partition("==")
        if equals:
            locked[name.lower().replace("_", "-")] = version
    for text in asked:
        requirement = Requirement(text)
        name = requirement.name.lower().replace("_", "-")
        assert requirement.specifier.contains(locked[name]), text
