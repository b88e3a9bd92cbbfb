"""`python -m arzip` is the `arzip` command."""

from arzip.cli.main import arzip

if __name__ == "__main__":
    arzip()
