"""Memory that goes back to the system as soon as it is free."""

import ctypes

__all__ = ["give_back"]

_MMAP_THRESHOLD = -3  # as malloc.h has it
_LARGE = 1 << 20  # bytes


def give_back() -> None:
    """Have large blocks go back to the system as soon as they are freed, in all of this process.

    glibc keeps up to 64 MiB once blocks of half of that were freed, for others that may come. What
    comes here is tables, which get pages of their own. Other C libraries have no such setting.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(_MMAP_THRESHOLD, _LARGE)
