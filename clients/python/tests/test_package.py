"""What is published."""

import re
from pathlib import Path

import longwire

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent


def test_the_licences_are_those_of_the_project() -> None:
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        assert (HERE / name).read_text() == (ROOT / name).read_text()


def test_the_version_is_that_of_the_project() -> None:
    version = re.search(r'^version = "(.*)"$', (HERE / "pyproject.toml").read_text(), re.MULTILINE)
    workspace = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert version is not None and workspace is not None and version[1] == workspace[1]


def test_what_is_public_is_there_and_says_what_it_is() -> None:
    for module in (longwire, longwire.sync):
        for name in module.__all__:
            assert getattr(getattr(module, name), "__doc__", None), name
