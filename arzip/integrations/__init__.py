"""arzip in other libraries: one file for each, named for the library.

numcodecs and zarr find their codecs by entry points, see pyproject.toml. fsspec and shutil have
functions to call instead: `register` calls them.
"""

__all__ = ["register"]


def register() -> None:
    """Add the format `arztar` to shutil and, if it is installed, `compression="arzip"` to fsspec.

    This holds for this process; others, such as Dask's workers, have to call it too.
    """
    from arzip.integrations import fsspec, shutil

    shutil.register()
    fsspec.register()
