"""The charts are drawn from rows alone, and say of which."""

from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="charts need arzip[bench]")

import plots
from results import OK, Account, Row

SOURCE = "0123456789abcdef"
NAMES = ("speed", "speed-by-corpus", "by-file", "by-size", "cost", "entropy")


def rows() -> list[Row]:
    return [
        Row(corpus, file, name, "1", 1, OK, size, size // k, 0.1 * k, 0.05 * k, k << 20, k << 20)
        for corpus, file, size in (
            ("texts", "a", 5_000_000),
            ("logs", "b", 300_000),
            ("prefixes", "a-1024", 1024),
            ("prefixes", "a-4096", 4096),
        )
        for k, name in enumerate(("gzip", "xz", "arzip-swift", "arzip-base"), start=2)
    ]


def accounts() -> list[Account]:
    return [Account("texts", "a", "arzip-base", "1", 0, 1000, 300, 2300.0, 2320.0)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders, each with all charts of the same data."""
    folders = [tmp_path_factory.mktemp("charts") for _ in range(2)]
    for folder in folders:
        plots.draw(rows(), accounts(), folder, SOURCE)
    return folders


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_is_drawn_with_its_source(drawn: list[Path], name: str) -> None:
    assert SOURCE.encode() in (drawn[0] / f"{name}.png").read_bytes()
    svg = (drawn[0] / f"{name}.svg").read_text()
    assert SOURCE in svg
    assert "#ffffff" not in svg, "a white background would glare on a dark page"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_give_the_same_chart(drawn: list[Path], name: str) -> None:
    one, other = ((folder / f"{name}.svg").read_bytes() for folder in drawn)
    assert one == other


def test_charts_without_data_are_empty_not_errors(tmp_path: Path) -> None:
    plots.draw([], [], tmp_path, "x")
    assert len(list(tmp_path.iterdir())) == 2 * len(NAMES)


def test_the_pareto_front() -> None:
    points = [(100.0, 5.0), (10.0, 3.0), (50.0, 5.5), (1.0, 2.0), (1.0, 2.5), (5.0, 4.0)]
    assert plots.pareto_front(points) == [(100.0, 5.0), (10.0, 3.0), (1.0, 2.0)]


def test_beginnings_end_in_the_whole_file() -> None:
    files = plots.beginnings(rows())
    assert list(files) == ["a"]
    own = [summary.first.bytes for summary in files["a"] if summary.first.compressor == "xz"]
    assert own == [1024, 4096, 5_000_000]
