"""The rule of taking: a table of cases, and what holds for any sequence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from hub.errors import NotAuthentic
from hub.ingest.accept import REFUSED_KEPT, Known, Position, Verdict, accept, authenticate
from wire.batch import NO_HASH, Payload, sha256

pytestmark = pytest.mark.component

HERE, THERE, ELSEWHERE = sha256(b"here"), sha256(b"there"), sha256(b"elsewhere")
AT_5 = Known({7: Position(7, 5, HERE)}, HERE)
CLONED = Known({7: Position(7, 5, HERE), 8: Position(8, 2, THERE)}, THERE)


def payload(epoch: int, seq: int, previous: bytes, oldest: int = 1) -> Payload:
    """Return what a batch says; the rule looks at its numbers only."""
    return Payload("gw-east", epoch, seq, oldest, previous, "readings", 0, "ntp", b"")


@pytest.mark.parametrize(
    ("known", "batch", "digest", "expected"),
    [
        pytest.param(Known(), payload(7, 1, NO_HASH), ELSEWHERE, Verdict("take"), id="first of a new gateway"),
        pytest.param(AT_5, payload(7, 6, HERE), ELSEWHERE, Verdict("take"), id="the next in its chain"),
        pytest.param(AT_5, payload(7, 5, THERE), HERE, Verdict("repeat"), id="the last again"),
        pytest.param(AT_5, payload(7, 2, THERE), ELSEWHERE, Verdict("repeat"), id="an earlier one again"),
        pytest.param(AT_5, payload(7, 5, THERE), ELSEWHERE, Verdict("fork", clash=True), id="the last, but another"),
        pytest.param(AT_5, payload(7, 6, THERE), ELSEWHERE, Verdict("fork", clash=True), id="next of another chain"),
        pytest.param(AT_5, payload(7, 6, NO_HASH), ELSEWHERE, Verdict("fork", clash=True), id="next without a chain"),
        pytest.param(AT_5, payload(7, 8, THERE), ELSEWHERE, Verdict("ahead"), id="two were lost on the way"),
        pytest.param(AT_5, payload(7, 9, THERE, 8), ELSEWHERE, Verdict("ahead"), id="the oldest held is still to come"),
        pytest.param(AT_5, payload(7, 8, THERE, 8), ELSEWHERE, Verdict("take", 2), id="the oldest held, two gone"),
        pytest.param(AT_5, payload(7, 6, HERE, 6), ELSEWHERE, Verdict("take"), id="next and oldest: chain holds"),
        pytest.param(AT_5, payload(7, 6, THERE, 6), ELSEWHERE, Verdict("fork", clash=True), id="next, oldest, forked"),
        pytest.param(AT_5, payload(8, 1, HERE), ELSEWHERE, Verdict("take"), id="a new epoch continues the last"),
        pytest.param(AT_5, payload(8, 1, NO_HASH), ELSEWHERE, Verdict("take"), id="a new epoch on an empty card"),
        pytest.param(
            AT_5, payload(8, 1, THERE), ELSEWHERE, Verdict("take", clash=True), id="a new epoch of a stranger"
        ),
        pytest.param(Known(), payload(8, 1, THERE), ELSEWHERE, Verdict("take", clash=True), id="the hub lost its past"),
        pytest.param(AT_5, payload(8, 4, THERE, 4), ELSEWHERE, Verdict("take", 3), id="a new epoch that begins late"),
        pytest.param(AT_5, payload(8, 4, THERE, 2), ELSEWHERE, Verdict("ahead"), id="a new epoch, not its beginning"),
        pytest.param(CLONED, payload(7, 6, HERE), ELSEWHERE, Verdict("take"), id="the old epoch of a clone goes on"),
        pytest.param(
            CLONED, payload(9, 1, HERE), ELSEWHERE, Verdict("take", clash=True), id="new epoch of the older life"
        ),
    ],
)
def test_batch_is_taken_by_number_and_chain(known: Known, batch: Payload, digest: bytes, expected: Verdict) -> None:
    """Each line of the rule, and each way in which two lives of one gateway show."""
    assert expected == accept(known, batch, digest)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3), st.integers(1, 12), st.integers(1, 12), st.binary(max_size=1), st.binary(max_size=1)
        )
    )
)
def test_position_never_goes_back(batches: list[tuple[int, int, int, bytes, bytes]]) -> None:
    """Whatever comes, each epoch's committed number only grows, by one more than what is missing."""
    known = Known()
    for epoch, seq, oldest, name, previous in batches:
        batch = payload(epoch, seq, sha256(previous), min(seq, oldest))
        before, verdict = known.at(epoch), accept(known, batch, sha256(name))
        if verdict.outcome == "take":
            known = known.moved(before.moved(seq, sha256(name)))
        expected = before.seq + (verdict.missing + 1 if verdict.outcome == "take" else 0)

        assert expected == known.at(epoch).seq


@given(st.integers(0, 20), st.permutations(range(1, 21)))
def test_gateway_that_sends_again_is_never_stuck(committed: int, order: list[int]) -> None:
    """Of an unbroken chain the next is always taken, in whatever order its batches come, and nothing is missing."""
    hashes = [NO_HASH, *(sha256(bytes([seq])) for seq in range(1, 21))]
    known = Known({7: Position(7, committed, hashes[committed])} if committed else {}, hashes[committed])
    for _ in range(21):
        for seq in order:
            verdict = accept(known, payload(7, seq, hashes[seq - 1]), hashes[seq])
            if verdict.outcome == "take":
                known = known.moved(known.at(7).moved(seq, hashes[seq]))

            assert verdict in (Verdict("take"), Verdict("repeat"), Verdict("ahead"))

    assert known.at(7).seq == 20


def test_refused_numbers_are_kept_up_to_a_bound() -> None:
    """An acknowledgement that is lost may be followed by another: the last refusals are repeated, not all of them."""
    position = Position(7)
    for seq in range(1, 30):
        position = position.moved(seq, HERE, refused=True)

    assert tuple(range(30 - REFUSED_KEPT, 30)) == position.refused


def test_own_envelope_is_authentic(gateway: Any) -> None:
    """What a known gateway signed is read."""
    arrival = gateway.readings()

    assert authenticate("gw-east", arrival.body, {"gw-east": gateway.key.verify_key}).seq == 1


@pytest.mark.parametrize(
    ("changes", "topic_gateway", "reason"),
    [
        ({}, "gw-west", "not in the hub's configuration"),
        ({"gateway": "gw-west"}, "gw-east", "of gateway 'gw-west'"),
        ({"seq": 0}, "gw-east", "counts so"),
        ({"oldest": 2}, "gw-east", "counts so"),
        ({"epoch": 0}, "gw-east", "counts so"),
        ({"previous": b"short"}, "gw-east", "unreadable"),
    ],
)
def test_envelope_that_no_gateway_sends_is_not_authentic(
    gateway: Any, changes: dict[str, Any], topic_gateway: str, reason: str
) -> None:
    """Another's topic, another's name, and numbers outside their range never reach the position."""
    arrival = gateway.readings(**changes)

    with pytest.raises(NotAuthentic, match=reason):
        authenticate(topic_gateway, arrival.body, {"gw-east": gateway.key.verify_key})


def test_envelope_under_another_key_is_not_authentic(gateway: Any) -> None:
    """A right form with a wrong signature is turned away."""
    arrival = gateway.readings()

    with pytest.raises(NotAuthentic, match="signature"):
        authenticate("gw-east", arrival.body, {"gw-east": SigningKey.generate().verify_key})


@given(st.binary(max_size=200))
def test_noise_is_not_authentic(noise: bytes) -> None:
    """No bytes whatever raise anything else."""
    key = SigningKey(bytes(32)).verify_key

    with pytest.raises(NotAuthentic):
        authenticate("gw-east", noise, {"gw-east": key})


def test_envelope_that_is_too_long_is_not_read(gateway: Any) -> None:
    """Length is checked before anything is decoded."""
    with pytest.raises(NotAuthentic, match="too many"):
        authenticate("gw-east", bytes(2 << 20), {"gw-east": gateway.key.verify_key})
