"""Where in an instruction a byte stands: by instructions whose lengths are known."""

import numpy as np
import pytest

from arzip.models.bits import mixer
from arzip.models.bits.state import new_state
from arzip.readings import instructions
from arzip.readings.reading import State

KNOWN = [
    "55",  # push rbp
    "48 89 e5",  # mov rbp, rsp
    "48 83 ec 20",  # sub rsp, 32
    "8b 45 fc",  # mov eax, [rbp - 4]
    "48 8b 05 10 20 30 00",  # mov rax, [rip + 0x302010]
    "c7 45 f8 01 00 00 00",  # mov dword [rbp - 8], 1
    "48 8d 04 8d 00 01 00 00",  # lea rax, [rcx * 4 + 256]
    "8b 84 24 80 00 00 00",  # mov eax, [rsp + 128]
    "44 0f b6 2c 24",  # movzx r13d, byte [rsp]
    "f6 40 08 01",  # test byte [rax + 8], 1
    "f7 d8",  # neg eax
    "f7 05 04 03 02 01 00 00 00 80",  # test dword [rip + 0x1020304], 0x80000000
    "66 0f 6f 05 00 10 00 00",  # movdqa xmm0, [rip + 4096]
    "0f 84 10 00 00 00",  # je
    "75 f0",  # jne
    "e8 fb ff ff ff",  # call
    "ff 15 44 33 22 11",  # call [rip + 0x11223344]
    "0f 05",  # syscall
    "c3",  # ret
]


def fresh() -> State:
    return new_state(mixer.apm_row())


@pytest.mark.parametrize("code", KNOWN)
def test_an_instruction_ends_where_it_ends(code: str) -> None:
    state = fresh()
    for before in KNOWN[:4]:
        for byte in bytes.fromhex(before):
            instructions.observe(state, byte)
    seen = int(state["opcodes"])
    *within, last = bytes.fromhex(code)
    for byte in within:
        instructions.observe(state, byte)
        assert int(state["opcodes"]) == seen
    instructions.observe(state, last)
    assert state["stage"] == instructions.OPCODE
    assert int(state["opcodes"]) >> 16 == seen & (1 << 48) - 1


def test_any_bytes_keep_it_within_bounds() -> None:
    state = fresh()
    for byte in np.random.default_rng(0).integers(0, 256, 20_000).tolist():
        instructions.observe(state, byte)
        assert 0 <= state["stage"] <= 4 and 0 <= state["left"] <= 8
        assert (state["stage"] == 4) == (state["left"] > 0)
