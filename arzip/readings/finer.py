"""A JPEG picture's scans that add a bit to what is known of each coefficient.

Three kinds of bits come: those of symbols, which say how many zeros stay zeros before one becomes
1 or -1; that one's sign; and one more bit of each coefficient that is not 0.
"""

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings import scan
from arzip.readings.around import cut, edges, inside, scaled, signed, size, told, told_before
from arzip.readings.past import hash_pair
from arzip.readings.reading import State

__all__ = ["set_contexts"]

_CANDIDATES = 6  # zeros that are looked at
_ROWS = 192  # of the mixers' weights: from here on they are seldom used by other scans


@compiled
def set_contexts(state: State, row: int) -> None:
    """Set the contexts of a bit, by the blocks around and the bits before."""
    wait = state.scan[row, scan.WAIT]
    if wait == scan.CODE_BIT or wait == scan.RUN_BIT:
        _of_symbols(state, row, wait)
    else:
        _of_coefficients(state, row, wait)


@compiled
def _of_symbols(state: State, row: int, wait: int) -> None:
    """Set contexts by which of the zeros to come are likely to stay zeros."""
    now = state.scan[row]
    k, here, left, above = now[scan.K], now[scan.HERE], now[scan.LEFT], now[scan.ABOVE]
    c = min(state.component_of[now[scan.BLOCK]], 1)
    length, bits, so_far, near = scan.came(state, row)
    need = u64(now[scan.NEED]) if wait == scan.RUN_BIT else u64(0)
    so_far |= need << u64(32) | u64(state.scan_number) << u64(40)  # each has codes of its own
    zeros, olds, first, last_old, likely = i64(0), i64(0), i64(0), i64(0), i64(0)
    pattern, fine = u64(0), u64(0)
    for n in range(k, state.band_last + 1):
        if scan.is_known(state, i64(state.coefficients[64 * here + n])):
            olds += 1
            last_old = n
            continue
        zeros += 1
        a, b = abs(told(state, above, n)), abs(told(state, left, n))
        up, before, both, beyond = inside(state, here, n, k)
        near_by = 2 * (a + b) + abs(up) + abs(before) + (both + beyond) // 2
        if zeros <= _CANDIDATES:
            pattern = pattern << u64(1) | u64(near_by > 2)
            fine = fine << u64(2) | u64(min(near_by >> 1, 3))
        if near_by > 2:
            likely += 1
            if first == 0:
                first = zeros
    first, tail = min(first, 15), min(max(last_old - k + 1, 0), 20)
    count, symbols = now[scan.COUNT], now[scan.LAST]
    end_a, end_b = now[scan.ABOVE_END] - k, now[scan.LEFT_END] - k
    of = hash_pair(so_far, u64(c | 1 << 20))
    at = hash_pair(of, u64(k))
    hashes = state.hashes
    hashes[0] = of
    hashes[1] = at
    hashes[2] = hash_pair(at, u64(symbols))
    hashes[3] = hash_pair(of, u64(symbols) | pattern << u64(32))
    hashes[4] = hash_pair(of, pattern | u64(min(zeros, 40)) << u64(8))
    hashes[5] = hash_pair(of, fine)
    hashes[6] = hash_pair(of, fine | u64(tail) << u64(16))
    hashes[7] = hash_pair(of, u64(first | min(likely, 15) << 4))
    hashes[8] = hash_pair(of, u64(first | min(olds, 15) << 4 | min(count, 7) << 8))
    hashes[9] = hash_pair(of, u64(tail | min(olds, 15) << 8))
    hashes[10] = hash_pair(of, u64(min(zeros, 63) | min(olds, 15) << 8))
    hashes[11] = hash_pair(of, u64(min(zeros, 63) | min(count, 15) << 8))
    hashes[12] = hash_pair(of, u64(cut(end_a, 20) | cut(end_b, 20) << 6))
    hashes[13] = hash_pair(of, u64(cut(now[scan.USUAL] - count - olds, 20) | tail << 8))
    hashes[14] = hash_pair(of, u64(min(now[scan.USUAL], 31) | min(olds, 15) << 6 | count << 10))
    hashes[15] = hash_pair(of, u64(likely | tail << 6))
    hashes[16] = hash_pair(at, u64(tail | first << 6))
    hashes[17] = hash_pair(at, u64(likely))
    hashes[18] = hash_pair(at, fine)
    hashes[19] = hash_pair(at, u64(min(olds, 7) | min(count, 7) << 3))
    hashes[20] = hash_pair(of, u64(symbols & 255 | k << 8 | first << 16))
    hashes[21] = hash_pair(of, u64(likely | min(zeros, 63) << 6))
    hashes[22] = hash_pair(of, u64(first | tail << 4 | min(count, 3) << 12))
    hashes[23] = hash_pair(of, fine | u64(min(count, 7)) << u64(16))
    hashes[24] = hash_pair(of, fine | u64(cut(end_a + end_b, 30)) << u64(16))
    hashes[25] = hash_pair(of, u64(cut(end_a, 20) | tail << 6))
    hashes[26] = hash_pair(of, u64(cut(end_b, 20) | tail << 6))
    hashes[27] = hash_pair(of, u64(symbols & 255 | tail << 8 | likely << 16))
    phases = state.phases
    phases[0] = _ROWS | min(k, 31)
    phases[1] = _ROWS | 48 | near
    phases[2] = _ROWS | first << 2 | min(count, 3)
    phases[3] = _ROWS | min(tail, 15) << 2 | min(likely, 3)
    phases[4] = _ROWS | min(olds, 7) << 3 | near
    state.chosen[0] = 768 | bits & 255
    state.chosen[1] = first << 4 | min(likely, 15)
    state.chosen[2] = min(length, 7)
    state.near = u64(near)
    state.calibrated[0] = u64(_ROWS | near)
    state.calibrated[1] = u64(first | i64(so_far & u64(31)) << 6 | near << 11)


@compiled
def _of_coefficients(state: State, row: int, wait: int) -> None:
    """Set contexts of a sign, or of one bit more, by what the blocks around say it should be."""
    now = state.scan[row]
    is_sign = wait == scan.SIGN_BIT
    k = now[scan.TARGET] if is_sign else now[scan.K]
    here, left, above = now[scan.HERE], now[scan.LEFT], now[scan.ABOVE]
    c = min(state.component_of[now[scan.BLOCK]], 1)
    known = i64(0) if is_sign else told_before(state, here, k)
    sign = -1 if known < 0 and k > 0 else 1  # what comes is of its size
    less, level = sign * known, abs(known) if k > 0 else i64(0)
    a, b = sign * told(state, above, k) - less, sign * told(state, left, k) - less
    down, right, mean = edges(state, row, k)
    down, right, mean = sign * down - less, sign * right - less, sign * mean - less
    other = sign * told(state, now[scan.OTHER], k)
    up, before, both, beyond = inside(state, here, k, now[scan.K])
    inner = size(2 * (abs(up) + abs(before)) + both + beyond)
    kind = i64(is_sign) | i64(k == 0) << 1
    of = hash_pair(u64(kind | c << 2 | 1 << 21), u64(min(level, 6)))
    at = hash_pair(of, u64(k))
    hashes = state.hashes
    hashes[0] = of
    hashes[1] = at
    hashes[2] = hash_pair(of, u64(level))
    hashes[3] = hash_pair(of, u64(cut(mean, 30)))
    hashes[4] = hash_pair(of, u64(cut(down, 30)))
    hashes[5] = hash_pair(of, u64(cut(right, 30)))
    hashes[6] = hash_pair(of, u64(cut(down, 7) | cut(right, 7) << 5))
    hashes[7] = hash_pair(of, u64(signed(down) | signed(right) << 5))
    hashes[8] = hash_pair(at, u64(signed(mean)))
    hashes[9] = hash_pair(of, u64(cut(a, 10) | cut(b, 10) << 6))
    hashes[10] = hash_pair(of, u64(signed(a) | signed(b) << 5 | inner << 10))
    hashes[11] = hash_pair(of, u64(inner | signed(mean) << 4))
    hashes[12] = hash_pair(at, u64(inner))
    hashes[13] = hash_pair(of, u64(signed(other) | signed(mean) << 5))
    hashes[14] = hash_pair(of, u64(signed(up) | signed(before) << 5))
    hashes[15] = hash_pair(of, u64(min(now[scan.COUNT], 15) | inner << 4))
    hashes[16] = hash_pair(at, u64(signed(down)))
    hashes[17] = hash_pair(at, u64(signed(right)))
    hashes[18] = hash_pair(at, u64(cut(a, 7) | cut(b, 7) << 4))
    hashes[19] = hash_pair(of, u64(size(abs(a) + abs(b)) | inner << 4))
    hashes[20] = hash_pair(of, u64(now[scan.USUAL] | inner << 6))
    hashes[21] = hash_pair(of, u64(cut(a, 20)))
    hashes[22] = hash_pair(of, u64(cut(b, 20)))
    hashes[23] = hash_pair(of, u64(signed(a) | signed(down) << 5))
    hashes[24] = hash_pair(of, u64(signed(b) | signed(right) << 5))
    hashes[25] = hash_pair(of, u64(signed(a + b) | signed(mean) << 5))
    hashes[26] = hash_pair(of, u64(signed(told(state, now[scan.BESIDE], k)) | signed(a) << 5))
    hashes[27] = hash_pair(of, u64(signed(told(state, now[scan.CORNER], k)) | signed(b) << 5))
    phases = state.phases
    phases[0] = _ROWS | 32 | kind << 3 | min(k >> 3, 7)
    phases[1] = _ROWS | 32 | kind << 2 | min(level >> 1, 3)
    phases[2] = _ROWS | kind << 4 | inner
    phases[3] = _ROWS | signed(mean) << 1 | i64(is_sign)
    phases[4] = _ROWS | kind << 4 | signed(down) >> 1
    state.chosen[0] = 768 | signed(mean) << 3 | kind
    state.chosen[1] = scaled(state, now[scan.UNIT])
    state.chosen[2] = min(level, 7)
    state.near = u64(1)
    state.calibrated[0] = u64(_ROWS | 32 | kind)
    state.calibrated[1] = u64(signed(mean) | kind << 6 | 1 << 14)
