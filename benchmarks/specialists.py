"""Pictures, sound and arrays beside the compressors that are made for each.

    python benchmarks/specialists.py FILE... [-m MODEL]

What is in a file, its header tells (arzip/readings/headers). Pictures are compared with JPEG XL,
WebP and PNG, sound with FLAC, arrays with pcodec and zarr's defaults: all lossless, each at its
usual effort or more. Needs `pip install imagecodecs pcodec`, and the program flac.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import imagecodecs
import numpy as np
import pcodec
from numcodecs import Blosc, Zstd
from numpy.typing import NDArray

import arzip
from arzip.readings.headers import Told, told_in

Sizes = dict[str, int]


def main_numbers(data: bytes) -> tuple[Told, NDArray[np.generic]]:
    """Return the largest part that is told of, and its items in the machine's order.

    They are in rows, if there are any, without what fills these up, and by channels.
    """
    told = max(told_in(np.frombuffer(data, dtype=np.uint8)), key=lambda told: told.size)
    item, kind, channels, row = told.array
    items = np.frombuffer(data[told.start :][: told.size // item * item], f"{kind}{item}")
    items = items.astype(items.dtype.newbyteorder("="))
    if row:
        items = items[: items.size // row * row].reshape(-1, row)[:, : row // channels * channels]
        return told, items.reshape(len(items), -1, channels)
    return told, items[: items.size // channels * channels].reshape(-1, channels)


def of_picture(picture: NDArray[np.generic]) -> Sizes:
    """Return the sizes of a picture (rows, columns, colours), the colours in the better order."""
    encoders: dict[str, Callable[[NDArray[np.generic]], bytes]] = {
        "JPEG XL, effort 7": lambda a: imagecodecs.jpegxl_encode(a, lossless=True, effort=7),
        "WebP": lambda a: imagecodecs.webp_encode(a, lossless=True, level=9),
        "PNG": lambda a: imagecodecs.png_encode(a, level=9),
    }
    orders = [picture.squeeze()]
    if picture.shape[2] > 1:
        orders.append(np.ascontiguousarray(picture[..., [2, 1, 0, 3][: picture.shape[2]]]))
    if picture.itemsize > 1 or picture.shape[2] == 1:
        del encoders["WebP"]  # which knows three colours of 8 bits
    return {name: min(len(encode(a)) for a in orders) for name, encode in encoders.items()}


def of_sound(sound: NDArray[np.generic]) -> Sizes:
    """Return the size of sound (items, channels)."""
    is_signed = sound.dtype.kind == "i"
    command = ["flac", "-8", "-s", "-c", "--force-raw-format", "--sample-rate=44100"]
    command += ["--endian=little", f"--sign={'signed' if is_signed else 'unsigned'}"]
    command += [f"--channels={sound.shape[1]}", f"--bps={8 * sound.itemsize}", "-"]
    little = sound.astype(sound.dtype.newbyteorder("<")).tobytes()
    done = subprocess.run(command, input=little, capture_output=True, check=True)
    return {"FLAC -8": len(done.stdout)}


def of_array(array: NDArray[np.generic]) -> Sizes:
    """Return the sizes of an array."""
    blosc = Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)
    return {
        "pcodec": len(pcodec.standalone.simple_compress(array.ravel(), pcodec.ChunkConfig())),
        "zarr 3 (zstd)": len(Zstd(level=0).encode(np.ascontiguousarray(array))),
        "zarr 2 (Blosc, LZ4)": len(blosc.encode(np.ascontiguousarray(array))),
    }


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-m", "--model", default="base", help="Compress with this model.")
def main(files: tuple[Path, ...], model: str) -> None:
    """Print a line for each of FILES: its size, what arzip makes of it, and the others."""
    for path in files:
        data = path.read_bytes()
        told, items = main_numbers(data)
        others: Sizes = {}
        if told.array.row and items.dtype.kind == "u" and items.itemsize <= 2:
            others |= of_picture(items)
        is_sound = not told.array.row and items.dtype.kind != "f" and items.itemsize <= 2
        if is_sound:
            others |= of_sound(items)
        elif items.itemsize > 1:
            others |= of_array(items)
        packed = len(arzip.compress(data, model=model))
        compared = ", ".join(
            f"{name} {size:,} ({packed / size - 1:+.1%})" for name, size in others.items()
        )
        print(f"| {path.name} | {len(data):,} | {packed:,} | {compared} |", flush=True)


if __name__ == "__main__":
    main()
