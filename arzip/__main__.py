"""`python -m arzip` is the `arzip` command."""

from arzip.cli.program import arzip

if __name__ == "__main__":
    arzip()
