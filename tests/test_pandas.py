"""What docs/python.md says of pandas: it takes open files, and goes by its own list of endings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import arzip

pandas = pytest.importorskip("pandas", reason="needs pandas")

TABLE = pandas.DataFrame({"x": [1, 3, 5], "y": ["où", 'b\nc"d', ""]})


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (
            lambda file: TABLE.to_csv(file, index=False),
            lambda file: pandas.read_csv(file, keep_default_na=False),
        ),
        (
            lambda file: TABLE.to_csv(file, index=False),
            lambda file: pandas.concat(pandas.read_csv(file, keep_default_na=False, chunksize=2)),
        ),
        (
            lambda file: TABLE.to_json(file, orient="records", lines=True),
            lambda file: pandas.read_json(file, lines=True),
        ),
        (TABLE.to_pickle, pandas.read_pickle),
    ],
    ids=["csv", "csv in chunks", "json", "pickle"],
)
def test_pandas_reads_and_writes_open_files(
    tmp_path: Path, write: Callable[[Any], None], read: Callable[[Any], Any]
) -> None:
    with arzip.open(tmp_path / "table.arz", "wb", level=1) as file:
        write(file)
        assert not file.closed
    with arzip.open(tmp_path / "table.arz") as file:
        assert read(file).equals(TABLE)


def test_text_files_will_do(tmp_path: Path) -> None:
    with arzip.open(
        tmp_path / "table.csv.arz", "wt", level=1, encoding="utf-8", newline=""
    ) as file:
        TABLE.to_csv(file, index=False)
    with arzip.open(tmp_path / "table.csv.arz", "rt", encoding="utf-8", newline="") as file:
        assert pandas.read_csv(file, keep_default_na=False).equals(TABLE)


def test_an_ending_says_nothing_to_pandas(tmp_path: Path) -> None:
    """If this fails, pandas has learnt of endings: then the page can offer more."""
    TABLE.to_csv(tmp_path / "table.csv.arz", index=False)
    assert (tmp_path / "table.csv.arz").read_bytes() == TABLE.to_csv(index=False).encode()
    with pytest.raises(ValueError, match="Unrecognized compression type"):
        TABLE.to_csv(tmp_path / "table.csv.arz", compression="arzip")
    (tmp_path / "packed.csv.arz").write_bytes(arzip.compress(TABLE.to_csv().encode(), 1))
    with pytest.raises(UnicodeDecodeError):
        pandas.read_csv(tmp_path / "packed.csv.arz")
