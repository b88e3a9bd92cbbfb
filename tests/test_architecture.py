"""How the package hangs together: imports go one way, `__all__` is true, and so is the map."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import arzip
from arzip.cli.commands import COMMANDS

assert arzip.__file__ is not None
PACKAGE = Path(arzip.__file__).parent
ROOT = Path(__file__).parent.parent


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def at_runtime(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, but for those that only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_runtime(child)


def imported(path: Path) -> Iterator[tuple[str, str | None, str]]:
    """Module, name in it if it is none itself, and what the name is here."""
    for node in at_runtime(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in MODULES:
                    yield alias.name, None, alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                here = alias.asname or alias.name
                yield (inner, None, here) if inner in MODULES else (node.module, alias.name, here)


def offered(module: str) -> set[str] | None:
    """What `__all__` says; None if there is none."""
    for node in tree(MODULES[module]).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "__all__":
            assert node.value is not None
            return set(ast.literal_eval(node.value))
    return None


def attributes(node: ast.AST, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Module and attribute wherever a known name, of a module, is asked for one."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        own |= {
            inner.id
            for inner in ast.walk(node)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        known = {name: module for name, module in known.items() if name not in own}
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) in known:
        yield known[ast.unparse(node.value)], node.attr
    for child in ast.iter_child_nodes(node):
        yield from attributes(child, known)


def used(path: Path) -> Iterator[tuple[str, str]]:
    """Each name of another module that a file uses."""
    known = {}
    for module, name, here in imported(path):
        if name is None:
            known[here] = module
        else:
            yield module, name
    for module, name in attributes(tree(path), known):
        if f"{module}.{name}" not in MODULES:
            yield module, name


def test_no_import_circle() -> None:
    """Not even through an import in a function."""
    graph = {
        module: {other for other, _, _ in imported(path)} - {module, "arzip"}
        for module, path in MODULES.items()
        if module != "arzip"  # whose names are fetched when they are asked for
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", [name for name in MODULES if name != "arzip"])
def test_what_others_use_is_offered(module: str) -> None:
    for other, name in used(MODULES[module]):
        if name.startswith("__"):
            continue
        assert name in (offered(other) or ()), f"{module} uses {other}.{name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name != "arzip"])
def test_what_is_offered_is_there(module: str) -> None:
    body = tree(MODULES[module]).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names = offered(module)
    if names is None:
        assert not functions, "it has no __all__"
        return
    defined = {node.name for node in functions}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            defined |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    defined |= {here for _, _, here in imported(MODULES[module])}  # passed on
    assert names <= defined


@pytest.mark.parametrize("folder", [path.parent for path in PACKAGE.rglob("__init__.py")], ids=str)
def test_each_folders_docstring_is_its_map(folder: Path) -> None:
    text = ast.get_docstring(tree(folder / "__init__.py")) or ""
    inside = {path.stem for path in folder.glob("*.py")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    words = {*re.findall(r"\w+", text), *(COMMANDS if folder.name == "commands" else ())}
    assert inside - {"__init__"} <= words


def entries(heading: str) -> list[str]:
    """The lines of a list or table under a heading of docs/model.md."""
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line[:1].isdigit() or line.startswith("- ")]


def way() -> list[tuple[str, str]]:
    """File and function of each step."""
    return [(step.split("`")[1], step.split("`")[3]) for step in entries("One byte's way")]


def test_each_step_of_a_bytes_way_is_a_function() -> None:
    assert 5 < len(way()) <= 10
    for path, function in way():
        found: object = importlib.import_module(name_of(PACKAGE.parent / path))
        for name in function.split("."):
            found = getattr(found, name)
        assert callable(found)


FOLLOW = """
import sys
from arzip import coder
from arzip.cli import program
from arzip.models import coding, hybrid, registry

registry.load("swift").prove("encode")
passed = {}

def watched(function):
    def watch(*arguments):
        frame, files = sys._getframe(1), []
        while frame is not None:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        passed.update(dict.fromkeys(reversed(files)))
        passed[sys.modules[function.__module__].__file__] = None
        return function(*arguments)
    return watch

hybrid.HybridModel._encode_piece = staticmethod(watched(coding.encode))
coder.Encoder.add = watched(coder.Encoder.add)
try:
    program.arzip()
finally:
    print(*passed, sep="\\n")
"""


def test_a_byte_goes_that_way_and_no_other(tmp_path: Path) -> None:
    """The files of arzip's on the stack where a byte is predicted, and where it is coded."""
    (tmp_path / "f").write_bytes(b"to be or not to be")
    ran = subprocess.run(
        [sys.executable, "-c", FOLLOW, "-3", "f"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    files = [Path(line) for line in ran.stdout.splitlines()]
    own = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in files
        if path.is_relative_to(PACKAGE)
    }
    assert own == {path for path, _ in way()}


def test_the_glossary_is_short() -> None:
    assert 10 < len(entries("Glossary")) <= 20
