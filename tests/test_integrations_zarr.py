"""zarr stores arrays of its default format; other processes find the codec by its entry point."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arzip

zarr = pytest.importorskip("zarr", reason="needs zarr")

ROOT = Path(__file__).parent.parent
DATA = np.arange(5000, dtype="<i4").reshape(50, 100)


@pytest.fixture
def codec() -> type:
    from arzip.integrations.zarr import ArzipCodec

    zarr.registry.register_codec("arzip", ArzipCodec)
    return ArzipCodec


def stored(folder: Path, compressors: Any, **options: Any) -> Any:
    """A new array that holds DATA, in chunks."""
    array = zarr.create_array(
        folder,
        shape=DATA.shape,
        chunks=(20, 100),
        dtype=DATA.dtype,
        compressors=compressors,
        **options,
    )
    array[:] = DATA
    return array


def entry_points(folder: Path) -> None:
    """Make `folder` hold arzip's entry points, as installing it does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    information = folder / "arzip_as_installed-0.dist-info"
    information.mkdir()
    (information / "entry_points.txt").write_text("\n".join(lines))
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: arzip-as-installed\n")


def elsewhere(program: str, *folders: Path) -> str:
    """What another process prints that finds modules in these folders too."""
    path = os.pathsep.join(map(str, (*folders, Path(arzip.__file__).parent.parent)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_arrays_come_back(codec: Any, tmp_path: Path) -> None:
    array = stored(tmp_path / "data.zarr", codec(level=1))
    assert array.metadata.zarr_format == 3
    assert (array[:] == DATA).all()
    assert array.nbytes_stored() < DATA.nbytes / 4
    chunk = (tmp_path / "data.zarr" / "c" / "0" / "0").read_bytes()
    assert chunk == arzip.compress(DATA[:20].tobytes(), 1, itemsize=4, shape=(20, 100))
    assert (zarr.open_array(tmp_path / "data.zarr", mode="r")[10:30, 5] == DATA[10:30, 5]).all()


@pytest.mark.parametrize(
    "configuration", [{}, {"configuration": {}}, {"configuration": {"model": "base"}}]
)
def test_the_codec_is_described_by_a_dict(codec: Any, configuration: dict[str, Any]) -> None:
    made = codec.from_dict({"name": "arzip", **configuration})
    assert made == codec() == codec(level=6) == codec(model="base") != codec(level=1)
    assert made.to_dict() == {"name": "arzip", "configuration": {"model": "base"}}
    assert codec.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_another_process_finds_the_codec(codec: Any, tmp_path: Path) -> None:
    stored(tmp_path / "data.zarr", codec(level=1))
    entry_points(tmp_path)
    program = (
        "import zarr, numpy\n"
        f"read = zarr.open_array({str(tmp_path / 'data.zarr')!r}, mode='r')\n"
        "made = zarr.create_array(zarr.storage.MemoryStore(), data=read[:], compressors={\n"
        "    'name': 'arzip', 'configuration': {'level': 1}})\n"
        "print(read.compressors == made.compressors, int(read[:].sum()), int(made[:].sum()))\n"
    )
    total = int(DATA.sum())
    assert elsewhere(program, tmp_path) == f"True {total} {total}"


def test_the_file_of_a_model_is_named_in_the_metadata(codec: Any, tmp_path: Path) -> None:
    weights = Path(arzip.__file__).parent / "models" / "weights" / "swift.safetensors"
    model = Path(shutil.copy(weights, tmp_path / "mine.safetensors"))
    stored(tmp_path / "data.zarr", codec(model=model))
    again = zarr.open_array(tmp_path / "data.zarr", mode="r")
    assert again.compressors == (codec(model=str(model)),)
    assert (again[:] == DATA).all()


def test_what_cannot_be_described(codec: Any) -> None:
    with pytest.raises(TypeError, match="model must be a name or a path, not HybridModel"):
        codec(model=arzip.load_model("swift"))
    with pytest.raises(ValueError, match="model and level"):
        codec(model="swift", level=1)


def test_damage_is_found(codec: Any, tmp_path: Path) -> None:
    array = stored(tmp_path / "data.zarr", codec(level=1))
    path = tmp_path / "data.zarr" / "c" / "0" / "0"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(arzip.TruncatedError):
        array[:]
