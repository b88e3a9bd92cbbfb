"""Where other libraries meet arzip: each is one file, named for the library.

numcodecs finds its codec by an entry point, see pyproject.toml. fsspec and shutil offer no entry
point for what arzip adds, but functions to call: `register` calls them.
"""

__all__ = ["register"]


def register() -> None:
    """Add the archive format `arztar` to shutil; to fsspec, if it is there, `compression="arzip"`.

    In this process: others, such as Dask's workers, have to call it too.
    """
    from arzip.integrations import fsspec, shutil

    shutil.register()
    fsspec.register()
