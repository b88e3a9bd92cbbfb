"""How often something came, as 16 bits: a share that moves with each outcome."""

from arzip.engine.compiled import compiled, i64, u16

__all__ = ["towards"]


@compiled
def towards(share: int, came: int, rate: int) -> int:
    """Return the share, in Q16, moved by 2**-rate of its distance from 1 if it came, else 0."""
    goal = 65535 if came else 0
    moved: int = u16(i64(share) + ((goal - i64(share)) >> rate))
    return moved
