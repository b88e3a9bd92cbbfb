"""Machine code is looked up by all that it depends on."""

import ast
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import arzip
from arzip.engine import dependence
from arzip.engine.function import Compiled

PACKAGE = Path(arzip.__file__).parent
MACHINE = ("name", "+feature")


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    dependence.dependence.cache_clear()
    loaded = dependence.SOURCES
    yield
    dependence.SOURCES = loaded
    dependence.dependence.cache_clear()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, in the place of the package."""
    copy = tmp_path / "arzip"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    monkeypatch.setattr(arzip, "__file__", str(copy / "__init__.py"))
    return copy


def digest(machine: tuple[str, str] = MACHINE) -> str:
    """As a new process has it."""
    dependence.dependence.cache_clear()
    dependence.SOURCES = dependence.sources_digest()
    found = dependence.dependence(machine)
    assert found is not None
    return found


def compiled_functions() -> list[Compiled]:
    """All that there are."""
    others = ("arzip.cli", "arzip.integrations", "arzip.training", "arzip.__main__")
    names = [found.name for found in pkgutil.walk_packages([str(PACKAGE)], "arzip.")]
    modules = [importlib.import_module(name) for name in names if not name.startswith(others)]
    values = [value for module in modules for value in vars(module).values()]
    return [value for value in values if isinstance(value, Compiled)]


def imported(module: ModuleType) -> set[str]:
    """The modules of arzip that a module imports, or imports from."""
    assert module.__file__ is not None
    found = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in within if name in sys.modules} or {node.module}
    return {name for name in found if name.startswith("arzip")}


def test_all_that_is_compiled_in_is_covered() -> None:
    """Compiled functions, and where their modules have functions and constants from."""
    found = {function.__module__ for function in compiled_functions()}
    assert len(found) > 10
    for module in found:
        assert dependence.covers(module)
        for name in imported(sys.modules[module]) - {"arzip.errors"}:
            assert dependence.covers(name), f"{module} imports {name}"


def test_every_source_counts(copied: Path) -> None:
    before = digest()
    assert before == digest()
    sources = [*copied.glob("models/**/*.py"), *copied.glob("engine/*.py")]
    sources += [copied / "coder.py", *copied.glob("readings/*.py")]
    assert len(sources) > 30
    for path in sources:
        text = path.read_text()
        path.write_text(text + "\n")
        assert digest() != before, path
        path.write_text(text)
    assert digest() == before
    added = copied / "models" / "deep" / "new.py"
    added.parent.mkdir()
    added.touch()
    assert digest() != before


def test_sources_that_change_meanwhile(copied: Path) -> None:
    before = digest()
    assert dependence.is_current()
    with (copied / "models" / "bits" / "mixer.py").open("a") as file:
        file.write("RATE = 25")
    assert not dependence.is_current()
    dependence.dependence.cache_clear()
    assert dependence.dependence(MACHINE) == before


def test_other_sources_do_not(copied: Path) -> None:
    before = digest()
    (copied / "cli" / "main.py").write_text("something else")
    (copied / "models" / "notes.txt").write_text("something else")
    assert digest() == before


def test_without_sources_nothing_is_known(copied: Path) -> None:
    shutil.rmtree(copied)
    copied.mkdir()
    dependence.SOURCES = dependence.sources_digest()
    assert dependence.dependence(MACHINE) is None


def test_processor_and_settings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NUMBA_")]:
        monkeypatch.delenv(name)
    digests = {digest(), digest(("name", "")), digest(("other", "+feature"))}
    assert len(digests) == 3
    for name in ("NUMBA_OPT", "NUMBA_BOUNDSCHECK", "NUMBA_ENABLE_AVX"):
        monkeypatch.setenv(name, "1")
        digests.add(digest())
    assert len(digests) == 6
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert digest() in digests


def test_which_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CPU_NAME", raising=False)
    monkeypatch.delenv("NUMBA_CPU_FEATURES", raising=False)
    this, portable = dependence.processors()
    assert portable == ("generic", "") != this
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    assert dependence.processors() == [portable]


def test_versions_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest()
    for changed in ("numba", "llvmlite"):
        with monkeypatch.context() as other:
            other.setattr(dependence, "_version", lambda name, changed=changed: name == changed)
            assert digest() != before
    assert digest() == before
    monkeypatch.setattr("numpy.__version__", "0")
    assert digest() != before


def test_changed_source_in_another_module_is_noticed(tmp_path: Path) -> None:
    """numba's own cache goes by the file that a function is in; this bound is in another."""
    copy = tmp_path / "arzip"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "ARZIP_CACHE_DIR": str(tmp_path / "code"),
    }
    program = "from arzip.models.bits.last import bounded as b; import sys; print(b(5000), b(7)); "
    program += "print('numba' in sys.modules)"

    def bounded() -> list[str]:
        run = [sys.executable, "-c", program]
        done = subprocess.run(
            run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert bounded() == ["3071", "7", "True"]
    assert bounded() == ["3071", "7", "False"]
    source = copy / "models" / "bits" / "odds.py"
    changed = source.read_text().replace("LIMIT = 3071", "LIMIT = 3070")
    source.write_text(changed)
    assert bounded() == ["3070", "7", "True"]
    assert bounded() == ["3070", "7", "False"]
