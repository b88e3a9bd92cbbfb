"""Runs `arzip` many times, each with other faults, in forks of one process that has loaded it.

    python tests/injected.py CASES RESULTS

CASES is a JSON list of {"arguments", "folder", "environment", "streams"}. `streams` are the paths
of standard input, output and error; null is a closed one. A fork's environment holds the faults:
see failing.c. RESULTS becomes the list of exit statuses.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import arzip
from arzip.cli import program

MODES = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


def run(case: dict[str, Any]) -> int:
    """Return the exit status of one run."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 70
    try:
        os.chdir(case["folder"])
        for number, (path, mode) in enumerate(zip(case["streams"], MODES, strict=True)):
            os.close(number)
            if path is None:
                setattr(sys, ("stdin", "stdout", "stderr")[number], None)
            elif (opened := os.open(path, mode, 0o600)) != number:
                os.dup2(opened, number)
                os.close(opened)
        os.environ.update(case["environment"])
        sys.argv = ["arzip", *case["arguments"]]
        status = _status_of(program.arzip)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _status_of(program: Any) -> int:
    try:
        program()
    except SystemExit as leaving:
        assert isinstance(leaving.code, int)
        return leaving.code
    return 0


def warm_up() -> None:
    """Load and compile, once for all forks, the code of the commands. Starts no threads."""
    packed = arzip.compress(b"warm", model="swift")
    arzip.decompress(packed)
    arzip.evaluate(b"warm", model="swift")
    arzip.sample("swift", n=1)


if __name__ == "__main__":
    warm_up()
    results = [run(case) for case in json.loads(Path(sys.argv[1]).read_text())]
    Path(sys.argv[2]).write_text(json.dumps(results))
