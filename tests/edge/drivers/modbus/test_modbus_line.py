"""What a shared pair of wires carries beside the answer: echoes, noise, late answers, units that nobody asked."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from played.modbus import collect, device, run

from edge.drivers.modbus.driver import ModbusDriver
from edge.drivers.modbus.frames import rtu_answer, rtu_failure, tcp_answer

# Public vectors: a question for two registers and its answer, another unit's answer, a question for one register.
ASK = bytes.fromhex("010300000002c40b")
ANSWER = bytes.fromhex("0103040292ff9b5a3d")
OTHERS = bytes.fromhex("0203040292ff9b693d")
REFUSAL = bytes.fromhex("018302c0f1")
PORT = "rtu+tcp://198.51.100.7:4001"


def noise_around() -> st.SearchStrategy[bytes]:
    """Return bytes in which no answer begins."""
    return st.binary(max_size=60).filter(lambda octets: b"\x01" not in octets)


@given(
    before=noise_around(),
    after=noise_around(),
    echo=st.sampled_from([ASK, b""]),
    frame=st.sampled_from([ANSWER, REFUSAL]),
)
def test_answer_is_found_wherever_it_stands(before: bytes, after: bytes, echo: bytes, frame: bytes) -> None:
    """Behind an echo, behind noise, in front of noise: the frame after the noise is never lost."""
    assert rtu_answer(ASK, echo + before + OTHERS + frame + after) == frame[:-2]


@given(cut=st.integers(0, len(ANSWER) - 1), noise=noise_around())
def test_part_of_an_answer_is_none(cut: int, noise: bytes) -> None:
    """The rest may still come."""
    assert rtu_answer(ASK, noise + ANSWER[:cut]) == b""


@given(bit=st.integers(0, 8 * len(ANSWER) - 1))
def test_answer_with_a_wrong_bit_is_none(bit: int) -> None:
    """The CRC finds every single one."""
    spoilt = bytearray(ANSWER)
    spoilt[bit // 8] ^= 1 << bit % 8

    assert rtu_answer(ASK, bytes(spoilt)) == b""


@given(
    stale=st.integers(0, 0xFFFF).filter(lambda number: number != 0x0102),
    transaction=st.just(0x0102),
)
def test_tcp_answer_is_known_by_its_transaction(stale: int, transaction: int) -> None:
    """An answer to an earlier question stands in front of it."""
    body = bytes.fromhex("000000051103020037")
    question = transaction.to_bytes(2, "big") + bytes.fromhex("0000000611030000000100")
    old, new = stale.to_bytes(2, "big") + body, transaction.to_bytes(2, "big") + body

    assert tcp_answer(question, old + new) == new[6:]
    assert tcp_answer(question, old + new[:-1]) == b""


@pytest.mark.parametrize(
    ("heard", "unasked", "said"),
    [
        (b"", b"", "silent: no answer in time"),
        (ASK, b"", "silent: no answer in time"),
        (b"", b"\x55\xaa", "silent: no answer in time; others send without being asked"),
        (b"", OTHERS, "silent: no answer in time; unit 2 sends without being asked"),
        (bytes.fromhex("0603040292ff9b2cfd"), b"", "unit 6 answers in its place"),
        (bytes.fromhex("020302000fbc40"), b"", "silent: no answer in time; unit 2 sends without being asked"),
        (OTHERS, b"", "unit 2 answers in its place"),
        (bytes.fromhex("010302000ff840"), b"", "babbles"),
        (ANSWER[:5], b"", "garbled: 5 bytes of 9 came"),
        (ANSWER[:-1] + b"\x00", b"", "garbled: the checksum is wrong"),
        (ANSWER[:-1] + b"\x00" + bytes.fromhex("020302000fbc40"), b"", "garbled: the checksum is wrong"),
        (b"\xf8\x00\xe0", b"", "garbled: 3 bytes that are no answer: check baud"),
    ],
)
def test_failure_says_what_was_seen(heard: bytes, unasked: bytes, said: str) -> None:
    """The words are what the person at the cabinet goes by."""
    assert rtu_failure(ASK, heard, unasked).startswith(said)


def test_echoing_adapter_needs_no_setting(rtu: Any, clock: Any) -> None:
    """It hears what it sends, then the answer."""
    rtu.answer = lambda request: request + ANSWER

    async def use(driver: ModbusDriver) -> None:
        assert [one.value for one in await collect(driver, 1)] == [65.8, -10.1]
        assert driver.health["d"].failures == 0

    run(rtu, clock, [device("d", 1, "rs_ws", port=PORT)], use)


def test_late_answer_is_not_taken_for_the_next_one(rtu: Any, clock: Any) -> None:
    """Two blocks of one unit have answers of one shape: after a time-out it is left alone while a late one may come."""
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return b""

    rtu.answer = answer

    async def use(driver: ModbusDriver) -> None:
        assert await driver._read("first") == []
        next_one = asyncio.create_task(driver._read("second"))
        await asyncio.sleep(0)
        assert len(asked) == 1
        rtu.say(bytes.fromhex("0103020228b93a"))
        await next_one
        assert len(asked) == 2
        assert await driver._read("first") == []
        assert driver.health["first"].fault.startswith("late: it answers after more than 0.02 s")

    first = device("first", 1, "rs_zs_noise", port=PORT, period_s=60.0)
    run(rtu, clock, [first, device("second", 1, "gemho_noise", port=PORT, period_s=30.0)], use)


def test_babbling_line_does_not_confuse_a_good_unit(rtu: Any, clock: Any) -> None:
    """Frames that nobody asked for come before, between and after; the answers are taken all the same."""
    rtu.answer = lambda _: OTHERS + b"\x00\xff" + ANSWER + OTHERS

    async def use(driver: ModbusDriver) -> None:
        for _ in range(5):
            rtu.say(OTHERS * 12)
            assert [one.value for one in await driver._read("d")] == [65.8, -10.1]
        assert driver.health["d"].failures == 0

    run(rtu, clock, [device("d", 1, "rs_ws", port=PORT)], use)


def test_stop_that_comes_together_with_an_answer_is_not_forgotten(rtu: Any, clock: Any) -> None:
    """An agent that stops must not wait for ever for a driver that was just hearing an answer."""
    rtu.answer = lambda _: b""

    async def use(driver: ModbusDriver) -> None:
        reading = asyncio.create_task(driver._read("d"))
        await asyncio.sleep(0)
        rtu.say(ANSWER)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    run(rtu, clock, [device("d", 1, "rs_ws", port=PORT, timeout_s=1.0)], use)
