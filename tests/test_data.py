"""Files that released versions wrote are read for ever, by every way in."""

import hashlib
import io
import json
import lzma
from pathlib import Path

import pytest

import arzip
from arzip.models.registry import names

DATA = Path(__file__).with_name("data")
VERSIONS = sorted(DATA.glob("*/index.json"))
SAMPLES = [
    pytest.param(index.parent, name, entry, id=f"{index.parent.name}-{name}")
    for index in VERSIONS
    for name, entry in json.loads(index.read_text()).items()
]


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for path in DATA.glob("*/*.safetensors.xz"):
        named = folder / path.parent.name / path.stem
        named.parent.mkdir(exist_ok=True)
        named.write_bytes(lzma.decompress(path.read_bytes()))
    return folder


@pytest.mark.parametrize(("folder", "name", "entry"), SAMPLES)
def test_files_are_read(
    folder: Path, name: str, entry: dict[str, object], model_files: Path
) -> None:
    packed = (folder / f"{name}.arz").read_bytes()
    model = model_files / folder.name / str(entry["model"]) if entry["model"] else None
    data = arzip.decompress(packed, model=model)
    assert len(data) == entry["bytes"]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    with arzip.open(io.BytesIO(packed), model=model) as file:
        assert file.seek(0, io.SEEK_END) == len(data)
        file.seek(len(data) // 2)
        assert file.read() == data[len(data) // 2 :]


def test_there_are_files_of_this_version_of_every_method_and_model() -> None:
    folder = DATA / arzip.__version__
    kinds, identities = set(), set()
    for path in folder.glob("*.arz"):
        start = path.read_bytes()[:8]
        kinds.add(start[3])
        if start[3] in (0x10, 0x13, 0x18):
            identities.add(start[4:8])
    assert kinds == {0x10, 0x11, 0x12, 0x13, 0x18}
    assert identities >= {arzip.load_model(name).identity for name in names()}
    assert len(identities) >= 5
