"""What the models make of data, as the shell's commands say it; text or bytes, and clear errors."""

import json
import random
import re
import typing
from pathlib import Path
from typing import Any

import pytest
from conftest import Counts

import arzip
from arzip.analysis import inspection, lines

TEXT = "où est la plume ? The pen is on the table.\n" * 20
DATA = TEXT.encode()


def facts(page: str) -> dict[str, Any]:
    """The totals that a page holds."""
    found = re.search(r'id="facts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return typing.cast(dict[str, Any], json.loads(found[1]))


def test_score_is_the_cross_entropy_under_each_model(model: Counts) -> None:
    scores = arzip.score(DATA)
    assert list(scores) == ["base", "fast", "max", "swift"]
    for name, bits in scores.items():
        assert bits == arzip.evaluate(DATA, model=name).cross_entropy
    other = arzip.score(DATA, "swift", model, threads=2)  # type: ignore[arg-type]
    assert other == {
        "swift": scores["swift"],
        "counts": arzip.evaluate(DATA, model=model).cross_entropy,  # type: ignore[arg-type]
    }


def test_score_names_a_file_as_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(
        (Path(arzip.__file__).parent / "models/weights/swift.safetensors").read_bytes()
    )
    scores = arzip.score(DATA, path, "swift")
    assert scores == {str(path): scores["swift"], "swift": scores["swift"]}


def test_scores_of_nothing() -> None:
    assert arzip.score(b"", "swift") == {"swift": 0.0}
    assert arzip.score_lines(b"") == []


def test_score_lines_puts_the_odd_line_first() -> None:
    rng = random.Random(1)
    log = [f"GET /items/{rng.randrange(100)} 200 in {rng.randrange(9)} ms" for _ in range(80)]
    log[50] = "panic: index out of range"
    scored = arzip.score_lines("\n".join(log), level=1)
    assert (scored[0].number, scored[0].text) == (51, log[50].encode())
    assert scored == lines.score_lines(arzip.load_model("fast"), "\n".join(log).encode())


def test_inspect_is_the_page_that_the_shell_writes() -> None:
    page = arzip.inspect(DATA, level=1, name="notes <1>")
    sample = inspection.Sample(DATA, len(DATA), (0,))
    model = arzip.load_model("fast")
    looked = inspection.inspect(model, "notes <1>", sample, lambda done: None)
    assert page == inspection.page(looked)
    told = 0.1 / len(DATA)  # at most, for what a decoder must know
    assert facts(page)["bitsPerByte"] == pytest.approx(arzip.score(DATA, "fast")["fast"], abs=told)


def test_inspect_looks_at_excerpts_of_much() -> None:
    shown = facts(arzip.inspect(DATA, model="swift", most=320))
    assert (shown["shown"], shown["size"], len(shown["starts"])) == (320, len(DATA), 16)
    for most in (0, -1):
        with pytest.raises(ValueError, match=f"most is {most}: it must be 1 or more"):
            arzip.inspect(DATA, most=most)


def test_inspect_is_told_a_name() -> None:
    with pytest.raises(TypeError, match="name must be str, not PosixPath"):
        arzip.inspect(DATA, name=Path("notes"))  # type: ignore[arg-type]


def test_inspect_needs_something_to_look_at() -> None:
    with pytest.raises(ValueError, match="data is empty: there must be 1 byte or more"):
        arzip.inspect(b"")


def test_sample_goes_on_from_the_prompt() -> None:
    drawn = arzip.sample("swift", DATA, 20)
    assert len(drawn) == 20
    assert drawn == arzip.sample(prompt=DATA, n=20, level=1)
    assert arzip.sample(level=6, n=0) == b""


def test_text_is_read_as_utf_8() -> None:
    assert arzip.sample("swift", TEXT, 9) == arzip.sample("swift", DATA, 9)
    assert arzip.score(TEXT, "swift") == arzip.score(bytearray(DATA), "swift")
    assert arzip.score_lines(TEXT, model="swift") == arzip.score_lines(DATA, model="swift")
    assert arzip.inspect(TEXT[:99], level=1) == arzip.inspect(
        memoryview(TEXT[:99].encode()), level=1
    )


@pytest.mark.parametrize("data", [5, None, ["text"]])
def test_what_is_neither_text_nor_bytes(data: Any) -> None:
    said = f"must be str or bytes-like, not {type(data).__name__}"
    for function in (arzip.score, arzip.score_lines, arzip.inspect):
        with pytest.raises(TypeError, match=f"^data {said}$"):
            function(data)
    with pytest.raises(TypeError, match=f"^prompt {said}$"):
        arzip.sample(prompt=data)


@pytest.mark.parametrize("given", [40, 1.5, b"swift"])
def test_what_is_no_model(given: Any) -> None:
    said = f"^model must be a name.* not {type(given).__name__}$"
    for misused in (
        lambda: arzip.sample(given, prompt="The "),
        lambda: arzip.score(DATA, given),
        lambda: arzip.score_lines(DATA, model=given),
        lambda: arzip.inspect(DATA, model=given),
        lambda: arzip.evaluate(DATA, model=given),
        lambda: arzip.compress(DATA, model=given),
        lambda: arzip.decompress(DATA, model=given),
        lambda: list(arzip.recover(DATA, model=given)),
        lambda: arzip.load_model(given),
    ):
        with pytest.raises(TypeError, match=said):
            misused()


def test_a_model_and_a_level_are_too_much() -> None:
    for misused in (
        lambda: arzip.sample("swift", level=1),
        lambda: arzip.score_lines(DATA, model="swift", level=1),
        lambda: arzip.inspect(DATA, model="swift", level=1),
        lambda: arzip.evaluate(DATA, 1, model="swift"),
        lambda: arzip.compress(DATA, 1, model="swift"),
    ):
        with pytest.raises(ValueError, match="model and level are two ways to say it"):
            misused()


@pytest.mark.parametrize("name", ["n", "top_k", "seed", "beam"])
@pytest.mark.parametrize("value", [2.5, "3"])
def test_numbers_are_whole(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be a whole number, not "):
        arzip.sample("swift", **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["temperature", "top_p"])
@pytest.mark.parametrize("value", ["0.5", 1j, [0.5]])
def test_real_numbers_are_numbers(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be a real number, not "):
        arzip.sample("swift", **{name: value})  # type: ignore[arg-type]
