"""Registering with other libraries: when asked to, as often as asked, and not before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import arzip

HOME = str(Path(arzip.__file__).parent.parent)
KNOWN = (
    "import fsspec, shutil;"
    "print('arzip' in fsspec.available_compressions(),"
    "      'arztar' in dict(shutil.get_archive_formats()),"
    "      'arztar' in [known[0] for known in shutil.get_unpack_formats()])"
)


def python(*arguments: str) -> str:
    """What a new interpreter prints, of which this arzip is the first that it finds."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": HOME},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    "order",
    [
        "import arzip, fsspec, shutil; arzip.register();",
        "import fsspec, shutil, arzip; arzip.register(); arzip.register();",
        "import arzip; arzip.register(); import fsspec, shutil;",
        "import arzip; arzip.register(); import sys;"
        "[sys.modules.pop(name) for name in list(sys.modules) if name.startswith('arzip')];"
        "import arzip; arzip.register();",
    ],
)
def test_libraries_learn_of_arzip_in_any_order(order: str) -> None:
    pytest.importorskip("fsspec", reason="needs fsspec")
    assert python("-c", order + KNOWN) == "True True True"


def test_fsspec_need_not_be_installed() -> None:
    program = (
        "import sys; sys.modules['fsspec'] = None; import arzip, shutil; arzip.register();"
        "print('arztar' in dict(shutil.get_archive_formats()))"
    )
    assert python("-c", program) == "True"


def test_importing_arzip_changes_nothing_and_takes_next_to_nothing() -> None:
    program = (
        "import os, sys; before, finders = set(sys.modules), list(sys.meta_path);"
        f"sys.path.insert(0, {HOME!r});"
        "import arzip; new = set(sys.modules) - before;"
        "print(*sorted(name for name in new if not name.startswith('arzip')),"
        "      finders == sys.meta_path)"
    )
    # Without site-packages, where another arzip might have been imported already.
    assert python("-S", "-I", "-c", program) == "True"


def test_the_libraries_are_as_they_were() -> None:
    program = (
        "import arzip, importlib.util; arzip.register();"
        "loader = importlib.util.find_spec('shutil').loader;"
        "print(type(loader).__name__, loader.is_package('shutil'), bool(loader.get_code('shutil')),"
        "      loader.get_source('shutil')[:3])"
    )
    assert python("-c", program) == 'SourceFileLoader False True """'
    assert python("-m", "shutil") == ""
