"""What the user asked for, as one value that commands pass on."""

from dataclasses import dataclass

from arzip.levels import DEFAULT_LEVEL, LEVELS

__all__ = ["STDOUT", "SUFFIX", "Settings"]

SUFFIX = ".arz"
STDOUT = "-"  # as the name of an output
LEAST_SHARED = 1 << 22
"""Bytes of half a file that is cut in two for threads: 4 MiB. Smaller ones cost too much."""


@dataclass(frozen=True)
class Settings:
    """The values of the shared options. A command that lacks an option has its default."""

    model: str | None = None
    threads: int = 1
    segment_size: int | None = None
    unpack: bool = True
    stdout: bool = False
    output: str | None = None
    output_dir_flat: str | None = None
    output_dir_mirror: str | None = None
    suffix: str = SUFFIX
    sparse: bool = True
    remove: bool = False
    force: bool = False
    recursive: bool = False
    verify: bool = False
    max_size: int | None = None
    max_memory: int | None = None
    verbose: int = 0
    quiet: int = 0
    progress: bool = True

    @property
    def shows_progress(self) -> bool:
        """Whether progress may be shown. The meter itself shows it on a terminal only."""
        return self.progress and not self.quiet

    @property
    def coding_model(self) -> str:
        """The model to compress with."""
        return LEVELS[DEFAULT_LEVEL] if self.model is None else self.model

    @property
    def most_in_one_segment(self) -> int:
        """Bytes of the largest file that has only one segment."""
        from arzip.streams.compressor import DEFAULT_SEGMENT

        return self.segment_size or (DEFAULT_SEGMENT if self.threads == 1 else 2 * LEAST_SHARED)

    def segment_for(self, size: int | None) -> int:
        """Return the bytes of a segment of a file of that size, None if it is not known.

        It does not depend on how many threads there are, only on whether there may be several.
        """
        from arzip.streams.compressor import DEFAULT_SEGMENT

        if self.segment_size:
            return self.segment_size
        if self.threads == 1 or size is None or size <= self.most_in_one_segment:
            return DEFAULT_SEGMENT
        return min((size + 1) // 2, DEFAULT_SEGMENT)

    @property
    def all_threads(self) -> int:
        """The most threads to use."""
        from arzip.system.cpus import cpus

        return self.threads or cpus()

    @property
    def verifies(self) -> bool:
        """Whether outputs are decoded again and compared."""
        return self.verify or self.remove

    @property
    def writes_files(self) -> bool:
        """Whether outputs go to files, not to standard output."""
        return not self.stdout and self.output != STDOUT

    @property
    def names_outputs(self) -> bool:
        """Whether outputs are named after their inputs."""
        return not self.stdout and self.output is None
