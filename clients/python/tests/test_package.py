"""What is published."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from documents import HERE, IS_IN_THE_PROJECT, PROJECT

import longwire

in_the_project = pytest.mark.skipif(not IS_IN_THE_PROJECT, reason="this is the package alone")


@in_the_project
def test_the_licences_are_those_of_the_project() -> None:
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        assert (HERE / name).read_text() == (PROJECT / name).read_text()


@in_the_project
def test_the_version_is_that_of_the_project() -> None:
    version = re.search(r'^version = "(.*)"$', (HERE / "pyproject.toml").read_text(), re.MULTILINE)
    workspace = re.search(r'^version = "(.*)"$', (PROJECT / "Cargo.toml").read_text(), re.MULTILINE)
    assert version is not None and workspace is not None and version[1] == workspace[1]


def test_what_is_public_is_there_and_says_what_it_is() -> None:
    for module in (longwire, longwire.sync):
        for name in module.__all__:
            assert getattr(getattr(module, name), "__doc__", None), name


def test_the_sources_are_published_with_their_tests(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", str(tmp_path), "."]
    subprocess.run(build, cwd=HERE, check=True, capture_output=True, timeout=60)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    kinds = {"*.py", "*.md", "*.html", "*.ipynb"}
    folders = ("src", "tests", "conformance", "docs", "examples")
    expected = {path for folder in folders for kind in kinds for path in (HERE / folder).rglob(kind)}
    assert {path.relative_to(HERE).as_posix() for path in expected} <= names
    assert {"README.md", "requirements.txt", "LICENSE-MIT", "LICENSE-APACHE", "pyproject.toml"} <= names
    assert not [name for name in names if name.endswith(".pyc") or name.startswith(".")]
