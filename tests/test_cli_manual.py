"""The man page says all that the commands say, and is where man(1) looks for it."""

import re
import shutil
import subprocess
from importlib.metadata import files
from pathlib import Path

import pytest
from conftest import INSTALLED

from arzip.cli.group import cli
from arzip.cli.gzip_form import ENVIRONMENT
from arzip.cli.manual import PROGRAMS, context_of, escaped, page


def plain(text: str) -> str:
    return re.sub(r"\\f[BR]|\\&", "", text).replace(r"\-", "-").replace(r"\e", "\\")


def test_every_command_and_option_is_there() -> None:
    text = plain(page())
    group = context_of(cli, "arzip")
    for name in cli.list_commands(group):
        assert f".SS {name}\narzip {name} " in text
        command = cli.get_command(group, name)
        assert command is not None
        context = context_of(command, name, group)
        section = text.partition(f".SS {name}\n")[2].partition(".SS ")[0]
        for option in command.get_params(context):
            record = option.get_help_record(context)
            if record and record[1]:
                assert f"{record[0]}\n{' '.join(record[1].split())}" in section
    for word in ("--decompress", "--list", "--version", ENVIRONMENT, "-1 -2", "EXIT STATUS"):
        assert word in text


@pytest.mark.parametrize(
    ("text", "line"),
    [(".sp 9", r"\&.sp 9"), ("'a", r"\&'a"), ("a\\b --c\n.d", r"a\eb \-\-c .d")],
)
def test_troff_finds_nothing_to_obey(text: str, line: str) -> None:
    assert escaped(text) == line


def test_help_is_h_too() -> None:
    assert page().count(r"\fB\-h, \-\-help\fR") > 10
    assert r"\fB\-\-help\fR" not in page()


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_troff_has_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "arzip.1"
    path.write_text(page())
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", path], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.skipif(not INSTALLED, reason="arzip runs from its source tree: nothing is installed")
def test_the_pages_are_installed() -> None:
    pages = {file.name: file for file in files("arzip") or [] if file.parent.name == "man1"}
    assert set(pages) == {f"{name}.1" for name in PROGRAMS}
    assert Path(str(pages["arzip.1"].locate())).read_text() == page()
