"""The programs in docs/python.md run as they stand, but for those that need other machines."""

import importlib.util
import io
import re
from pathlib import Path
from typing import Any

import pytest

import arzip

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)
ELSEWHERE = ("s3", "scheduler:8786", "mpi4py", "import ray", "ProcessPoolExecutor")
LOG = b"".join(b"line %d of a log\n" % number for number in range(30))


class Socket:
    """Somewhere that a frame comes from."""

    def __init__(self) -> None:
        self.recv = io.BytesIO(arzip.compress(LOG, 1)).read


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the programs take for given."""
    monkeypatch.chdir(tmp_path)
    weights = Path(arzip.__file__).parent / "models" / "weights" / "swift.safetensors"
    Path("mine.safetensors").write_bytes(weights.read_bytes())
    return {
        "arzip": arzip,
        "data": LOG,
        "log": LOG,
        "damaged": arzip.compress(LOG, 1)[:-1],
        "socket": Socket(),
        "use": len,
    }


@pytest.mark.parametrize("at", range(len(PROGRAMS)))
def test_programs_run(at: int, names: dict[str, Any]) -> None:
    program = PROGRAMS[at]
    if any(word in program for word in ELSEWHERE):
        compile(program, PAGE.name, "exec")
        pytest.skip("needs other machines, or processes of its own")
    for library in ("pandas", "fsspec", "zarr"):
        if library in program and importlib.util.find_spec(library) is None:
            pytest.skip(f"needs {library}")
    if "table" in program:
        import pandas

        names |= {"pandas": pandas, "table": pandas.DataFrame({"x": [1, 3], "y": ["où", "b\nc"]})}
        before = names["table"].copy()
    exec(program, names)
    if "table" in program:
        assert names["table"].equals(before)


def test_what_the_page_says_of_figures() -> None:
    said = re.search(
        r'arzip\.score\("(.*?)", "base", "swift"\)  '
        r'# \{"base": (\d\.\d+)\.\.\., "swift": (\d\.\d+)\.\.\.\}',
        PAGE.read_text(encoding="utf-8"),
    )
    assert said is not None
    scores = arzip.score(said[1])
    assert str(scores["base"]).startswith(said[2])
    assert str(scores["swift"]).startswith(said[3])
