"""The parent of a measured process: runs one command, prints its time and memory as JSON.

    python -I -S launch.py OUTPUT CORE TIMEOUT COMMAND...

The command's standard output goes to OUTPUT, its messages to OUTPUT.stderr. It runs on core number
CORE only ("-": on any) and is killed after TIMEOUT seconds. This is a small program of its own,
because a new process inherits the peak memory of its parent: only peaks below some 10 MB cannot be
measured.
"""

import json
import os
import signal
import sys
import time

WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def become(command: list[str], output: str, core: str) -> None:
    """Turn the new process into the command. Never returns."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(output, WRITE, 0o600), 1)
        os.dup2(os.open(output + ".stderr", WRITE, 0o600), 2)
        if core != "-":
            os.sched_setaffinity(0, {int(core)})
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def main() -> None:
    output, core, timeout, *command = sys.argv[1:]
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        become(command, output, core)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, float(timeout))
    try:
        _, status, usage = os.wait4(child, 0)
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise
    seconds = time.perf_counter() - start
    took = {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "peak_bytes": 1024 * usage.ru_maxrss,
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main()
