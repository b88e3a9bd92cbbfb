"""A part of building the package: makes the man pages from the commands."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualHook(BuildHookInterface):
    """A build hook that installs the man pages under share/man/man1."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        from arzip.cli.manual import PROGRAMS, page

        self._folder = tempfile.TemporaryDirectory()
        for name in PROGRAMS:
            path = Path(self._folder.name, f"{name}.1")
            path.write_text(page() if name == PROGRAMS[0] else f".so man1/{PROGRAMS[0]}.1\n")
            build_data["shared_data"][str(path)] = f"share/man/man1/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self._folder.cleanup()
