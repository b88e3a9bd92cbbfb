"""Fitting: parameters that help, in a file that codes."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from arzip import codec, readings
from arzip.compressibility import is_incompressible
from arzip.models import registry
from arzip.models.parameters import Parameters
from arzip.readings import finding
from arzip.training import fit, synthetic

PROSE = b"".join(
    b"Sentence number %d says that number %d comes after it.\n" % (i, i + 1) for i in range(400)
)


@pytest.mark.parametrize("fitter", [fit.HybridFitter(), fit.FastFitter()])
def test_fitted_parameters_predict_better(fitter: fit.Fitter) -> None:
    piece = np.frombuffer(PROSE, dtype=np.uint8)
    _, first = fitter.code(piece, wide=False)
    _, second = fitter.code(piece, wide=False)
    assert second < 0.97 * first


def test_what_reading_broadly_adds_is_fitted_and_the_model_stays() -> None:
    given = registry.read("base")
    fitter = fit.BroadFitter(given)
    before = fitter.fitted["text+network"]["weights"].copy()
    piece = np.frombuffer(PROSE, dtype=np.uint8)
    _, first = fitter.code(piece)
    read, second = fitter.code(piece)
    assert read == {"text+network"}
    assert second < first
    assert np.array_equal(fitter.fitted["text+network"]["weights"], before)
    tensors = fitter.tensors(fitter.fitted)
    assert {name.partition(".")[0] for name in tensors} == {
        "text+network",
        "fields+network",
        "typeset+network",
        "records",
        "records+network",
        "x86",
    }
    made = Parameters("mine", given.version, {**given.tensors, **tensors}, (), {}, "", "broad")
    model = registry.load("max").unproven(made)
    assert sum(part.nll for part in model.encode(piece)) < first


def test_a_piece_of_several_readings_fits_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next piece begins with what they fitted, having learned nothing yet."""
    piece = np.frombuffer(PROSE, dtype=np.uint8)
    whole = finding.find(piece)
    (span,) = whole
    records = next(r for r in readings.READINGS if r.name == "records")
    half = piece.size // 2
    parts = [(span.chosen, half), (readings.Chosen(records, records.usual), piece.size - half)]
    found = [type(span)(*part) for part in parts]
    monkeypatch.setattr(fit.finding, "find", lambda data, *, wide: found)
    fitter = fit.HybridFitter()
    first = {name: fields.keys() for name, fields in fitter.fitted.items()}
    read, _ = fitter.code(piece, wide=True)
    assert read == {"text", "records"}
    assert {name: fields.keys() for name, fields in fitter.fitted.items()} == first
    fast = fit.FastFitter()
    assert fast.code(piece)[0] == {"text", "other"}
    assert fast.fitted.keys() == {"text", "other"}


@pytest.mark.parametrize("maker", synthetic.MAKERS, ids=lambda maker: maker.__name__)
def test_made_up_data_is_not_noise(maker: "fit.Source") -> None:
    data = maker(np.random.default_rng(1))
    assert 10_000 < len(data) < 2_000_000
    assert data == maker(np.random.default_rng(1))
    assert not is_incompressible(np.frombuffer(data, dtype=np.uint8))


def test_damaged_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\0" + b"\xff" * 30)
    paths = [tmp_path / "bad.gz"]
    with pytest.raises(zlib.error):
        fit.files_source(list(paths))(np.random.default_rng(1))
    (tmp_path / "good").write_bytes(PROSE)
    source = fit.files_source([*paths, tmp_path / "good"])
    rng = np.random.default_rng(1)
    assert all(source(rng) == PROSE for _ in range(10))


def test_the_program_makes_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_bytes(PROSE)
    output = tmp_path / "mine.safetensors"
    result = CliRunner().invoke(fit.main, [str(folder), "-o", str(output), "--rounds", "1"])
    assert result.exit_code == 0, result.output
    again = CliRunner().invoke(fit.main, [str(folder), "-o", str(output), "--rounds", "1"])
    assert again.exit_code and "-f" in again.output
    model = registry.load(output)
    coded = codec.encode(model, PROSE)
    assert codec.decode(model, coded.method, coded.payload, len(PROSE)) == PROSE
