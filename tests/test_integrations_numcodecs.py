"""numcodecs finds the codec by its entry point; zarr stores arrays with it."""

import json
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from conftest import INSTALLED

import arzip

numcodecs = pytest.importorskip("numcodecs", reason="needs numcodecs")


@pytest.fixture
def codec() -> object:
    from arzip.integrations.numcodecs import Arzip

    return Arzip("swift")


def test_arrays_come_back(codec: object) -> None:
    for array in (
        np.arange(1000, dtype="<i4").reshape(20, 50),
        np.arange(12, dtype=">f8").reshape(3, 4).T,
        np.zeros((0, 3)),
    ):
        frame = codec.encode(array)
        in_order = array if array.flags.c_contiguous else array.T
        assert frame == arzip.compress(in_order, model="swift")
        back = np.frombuffer(codec.decode(frame), array.dtype)
        assert back.tobytes() == array.tobytes("A")
        out = np.empty(array.size, array.dtype)
        assert codec.decode(frame, out=out) is out
        assert out.tobytes() == array.tobytes("A")


def test_the_configuration_names_the_model(codec: object) -> None:
    from arzip.integrations.numcodecs import Arzip

    assert codec.get_config() == {"id": "arzip", "model": "swift"}
    assert Arzip.from_config({"model": "swift"}) == codec
    with pytest.raises(arzip.ModelError):
        Arzip("nonesuch").encode(b"data")
    with pytest.raises(arzip.FormatError):
        codec.decode(b"no frame")


def test_the_configuration_is_json(tmp_path: Path) -> None:
    from arzip.integrations.numcodecs import Arzip

    numcodecs.register_codec(Arzip)
    path = tmp_path / "mine.safetensors"
    for made, said in (
        (Arzip(), "base"),
        (Arzip(level=1), "fast"),
        (Arzip(path), str(path)),
        (Arzip(model=str(path)), str(path)),
    ):
        config = made.get_config()
        assert config == {"id": "arzip", "model": said}
        assert numcodecs.get_codec(json.loads(json.dumps(config))) == made
        assert repr(made) == f"Arzip(model={said!r})"
    for options in ({"model": 6}, {"model": arzip.load_model("swift")}, {"level": "1"}):
        with pytest.raises(TypeError, match=f"^{next(iter(options))} must be "):
            Arzip(**options)
    with pytest.raises(ValueError, match="model and level"):
        Arzip("swift", level=1)


@pytest.mark.skipif(not INSTALLED, reason="arzip runs from its source tree: no entry points")
def test_the_codec_is_found_by_its_name() -> None:
    (entry,) = entry_points(group="numcodecs.codecs", name="arzip")
    assert numcodecs.get_codec({"id": "arzip"}) == entry.load()()


def test_zarr_stores_arrays(codec: object, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr", reason="needs zarr")
    numcodecs.register_codec(type(codec))
    data = np.arange(5000, dtype="i4").reshape(50, 100)
    array = zarr.create_array(
        tmp_path / "data.zarr",
        shape=data.shape,
        chunks=(20, 100),
        dtype=data.dtype,
        compressors=codec,
        zarr_format=2,
    )
    array[:] = data
    again = zarr.open_array(tmp_path / "data.zarr", mode="r")
    assert again.compressors == (codec,)
    assert (again[:] == data).all()
    assert again.nbytes_stored() < data.nbytes / 4
