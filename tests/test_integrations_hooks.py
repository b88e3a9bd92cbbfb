"""Libraries learn of arzip when they are imported, before or after it; nobody else notices."""

import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from conftest import INSTALLED

import arzip

HOME = str(Path(arzip.__file__).parent.parent)
KNOWN = (
    "import fsspec, shutil;"
    "print('arzip' in fsspec.available_compressions(),"
    "      'arztar' in dict(shutil.get_archive_formats()),"
    "      'arztar' in [known[0] for known in shutil.get_unpack_formats()])"
)


def python(program: str, *options: str) -> str:
    """What the program prints; `sys.path[0]` finds this arzip."""
    start = f"import sys; sys.path.insert(0, {HOME!r});"
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", start + program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    "order",
    [
        "import arzip, fsspec, shutil;",
        "import fsspec, shutil, arzip;",
        "import fsspec, arzip, shutil, importlib; importlib.reload(arzip);",
        "import arzip, importlib.util; importlib.util.find_spec('shutil');",
    ],
)
def test_libraries_learn_of_arzip_in_any_order(order: str) -> None:
    pytest.importorskip("fsspec", reason="needs fsspec")
    assert python(order + KNOWN) == "True True True"


@pytest.mark.skipif(not INSTALLED, reason="arzip runs from its source tree, where no .pth file is")
def test_installing_is_enough() -> None:
    pytest.importorskip("fsspec", reason="needs fsspec")
    assert "arzip.pth" in {file.name for file in files("arzip") or []}
    assert python(KNOWN) == "True True True"


def test_the_libraries_are_as_they_were() -> None:
    program = (
        "import arzip, shutil, inspect;"
        "print(type(shutil.__loader__).__name__, shutil.__spec__.loader is shutil.__loader__,"
        '      inspect.getsource(shutil).startswith(\'"""\'))'
    )
    assert python(program) == "SourceFileLoader True True"


def test_starting_python_takes_next_to_nothing() -> None:
    program = (
        "import os; before = set(sys.modules); import arzip; new = set(sys.modules) - before;"
        "print(*sorted(name for name in new if not name.startswith('arzip')))"
    )
    # Without site-packages, where another arzip might have been imported already.
    assert python(program, "-S", "-I") == ""


def test_a_library_that_changed_is_warned_of_and_still_imported() -> None:
    program = (
        "import arzip.integrations.shutil as ours, warnings; ours.register = lambda library: 1 / 0;"
        "warnings.simplefilter('always'); warnings.showwarning = lambda m, *_: print(m);"
        "sys.modules.pop('shutil', None); import shutil; print(shutil.copy.__name__)"
    )
    said = python(program).splitlines()
    assert said[-1] == "copy"
    assert "could not register with shutil: ZeroDivisionError" in said[0]
