"""What the shell is told when the user presses the tab key."""

import os
import shutil
import subprocess
import sys

import pytest

from arzip.cli.commands import COMMANDS
from arzip.models import registry


def completed(line: str, program: str = "arzip", shell: str = "bash") -> list[tuple[str, str]]:
    """Kind and text of what may stand at the end of the line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        f"_{program.upper()}_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", f"from arzip.cli.program import {program}; {program}()"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = [item.partition(",") for item in done.stdout.splitlines() if item]
    return [(kind, text) for kind, _, text in pairs]


def test_the_first_word_is_a_command_or_a_file() -> None:
    found = completed("arzip ")
    assert {text for kind, text in found if kind == "plain"} == set(COMMANDS)
    assert ("file", "") in found
    assert completed("arzip ev") == [("file", "ev"), ("plain", "eval")]


@pytest.mark.parametrize("line", ["arzip file ", "arzip -v ", "arzip eval "])
def test_later_words_are_files(line: str) -> None:
    assert completed(line) == [("file", "")]


def test_options_are_those_of_the_form_or_the_command() -> None:
    assert ("plain", "--decompress") in completed("arzip --de")
    assert ("plain", "--json") in completed("arzip list --js")
    assert completed("arzip list --de") == []
    assert completed("unarz --max-", "unarz") == [
        ("plain", "--max-size"),
        ("plain", "--max-memory"),
    ]


def test_models_are_named() -> None:
    assert completed("arzip -m ") == [*(("plain", name) for name in registry.names()), ("file", "")]


@pytest.mark.parametrize("program", ["arzip", "unarz", "arzcat"])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_understand_the_script(program: str, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run(
        [sys.executable, "-c", f"from arzip.cli.program import {program}; {program}()"],
        env={**os.environ, f"_{program.upper()}_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_{program.upper()}_COMPLETE" in done.stdout
    subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)
