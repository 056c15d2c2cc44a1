"""Configurations that the hub sends, from their arrival to their acceptance or the way back."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey

from edge.errors import ConfigError
from edge.remote import (
    GOOD,
    MAX_STARTS,
    SETTLE_S,
    TRIAL_S,
    Answer,
    InForce,
    Remote,
    Store,
    Trial,
    accept,
    answering,
    in_force,
    offer,
    start,
    take_back,
)
from wire.configuration import Configuration, encode_configuration

OPERATOR = SigningKey(bytes(32))
LOCAL = "local = 1"
NEW = "sent = 1"


def check(text: str) -> None:
    """Stand for `edge.config`: whatever is TOML can be used."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("sent", "file", "", str(error)) from error


def arrive(
    remote: Remote, version: int, text: str = NEW, gateway: str = "gw-a", operator: SigningKey = OPERATOR
) -> Remote:
    """Return what is known after a configuration has arrived at gw-a."""
    signed = encode_configuration(Configuration(gateway, version, 0, text), operator)
    return offer(remote, signed, LOCAL, ("gw-a", OPERATOR.verify_key), check)


def test_a_configuration_is_tried_then_accepted() -> None:
    """It holds from its arrival; acceptance only ends the trial."""
    tried = arrive(Remote(), 3)
    accepted = accept(tried)

    assert InForce(NEW, 3, on_trial=True) == in_force(tried, LOCAL)
    assert InForce(NEW, 3, on_trial=False) == in_force(accepted, LOCAL)
    assert (3, "") == (accepted.seen, accepted.fault)


def test_a_configuration_taken_back_leaves_the_one_before() -> None:
    """The one accepted before holds again, and nobody sends the failed one a second time."""
    before = accept(arrive(Remote(), 1, "first = 1"))

    after = take_back(arrive(before, 2), "taken back: pm fell silent")

    assert InForce("first = 1", 1, on_trial=False) == in_force(after, LOCAL)
    assert (2, "taken back: pm fell silent") == (after.seen, after.fault)
    assert after == arrive(after, 2)


@pytest.mark.parametrize(
    ("sent", "seen", "fault"),
    [
        ({"operator": SigningKey(b"\x01" * 32)}, 0, "signature"),
        ({"gateway": "gw-b"}, 0, "it is for gw-b"),
        ({"text": "no toml ["}, 5, "[file]"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(sent: dict[str, str], seen: int, fault: str) -> None:
    """A foreign or forged one uses up no version; an unusable one of our operator's does."""
    refused = arrive(Remote(), 5, **sent)  # type: ignore[arg-type]  # each key has its own type

    assert InForce(LOCAL, 0, on_trial=False) == in_force(refused, LOCAL)
    assert seen == refused.seen
    assert refused.fault.startswith("refused: ")
    assert fault in refused.fault


def test_noise_is_refused() -> None:
    """Whoever reaches the broker can send it."""
    refused = offer(Remote(seen=2), b"QC" + bytes(100), LOCAL, ("gw-a", OPERATOR.verify_key), check)

    assert (2, b"") == (refused.seen, refused.trial)


def test_an_older_version_changes_nothing() -> None:
    """Who recorded an old configuration cannot bring it back."""
    newest = accept(arrive(Remote(), 9))

    assert newest == arrive(newest, 8, "old = 1")


def test_a_change_on_the_gateway_overrules_the_hub() -> None:
    """The person in front of the cabinet sees his change work, and the hub learns why its own does not hold."""
    accepted = accept(arrive(Remote(), 4))
    changed = start(accepted, "local = 2")

    assert InForce("local = 2", 0, on_trial=False) == in_force(accepted, "local = 2")
    assert (4, b"") == (changed.seen, changed.accepted)
    assert "changed afterwards" in changed.fault


def test_an_agent_that_does_not_survive_a_trial_goes_back() -> None:
    """A configuration that kills the agent is tried a few times, not for ever."""
    remote = arrive(accept(arrive(Remote(), 1, "first = 1")), 2)
    for _ in range(MAX_STARTS):
        assert in_force(remote, LOCAL).on_trial
        remote = start(remote, LOCAL)

    assert InForce("first = 1", 1, on_trial=False) == in_force(remote, LOCAL)
    assert "did not get through" in remote.fault


def test_a_start_with_nothing_from_the_hub_changes_nothing() -> None:
    """Most gateways never get a configuration."""
    assert Remote() == start(Remote(), LOCAL)


TRIAL = Trial(100.0, frozenset({"pm", "lab"}))


def verdict(now_s: float, pm: float | None, lab: float | None, hub: float | None, period_s: float = 10.0) -> str:
    """Return the trial's verdict at a time after its beginning; the others are seconds since the last answers."""
    devices = {"pm": Answer(pm, period_s), "lab": Answer(lab, period_s), "new": Answer(None, period_s)}
    return TRIAL.verdict(devices, hub, 100.0 + now_s)


def test_a_trial_ends_well_when_all_answer_again() -> None:
    """Devices that are new may still be without a cable."""
    assert verdict(SETTLE_S - 1, pm=1, lab=1, hub=1) == ""
    assert verdict(SETTLE_S, pm=1, lab=9, hub=3) == GOOD


def test_a_device_that_fell_silent_takes_it_back() -> None:
    """Its last answer was before the change."""
    assert verdict(60, pm=1, lab=61, hub=1) == ""
    assert verdict(TRIAL_S, pm=1, lab=TRIAL_S + 1, hub=1) == "taken back: lab fell silent"


def test_a_hub_out_of_reach_takes_it_back() -> None:
    """A slip in [hub] would otherwise cut the gateway off for ever."""
    assert verdict(TRIAL_S, pm=1, lab=1, hub=None) == "taken back: the hub was not reached"


def test_a_slow_device_has_three_of_its_periods() -> None:
    """What answers once an hour cannot have fallen silent within minutes."""
    assert verdict(TRIAL_S, pm=1, lab=4000, hub=1, period_s=3600) == ""
    assert verdict(3 * 3600, pm=1, lab=11000, hub=1, period_s=3600) == "taken back: lab fell silent"


def test_who_was_silent_before_is_not_waited_for() -> None:
    """A dead device must not keep every change from being accepted."""
    assert frozenset({"pm"}) == answering({"pm": Answer(29, 10), "lab": Answer(31, 10), "new": Answer(None, 10)})


def test_what_is_known_survives_on_disk(tmp_path: Path) -> None:
    """A spoilt file counts as none: the hub sends its newest again."""
    store = Store(tmp_path / "remote")
    remote = arrive(Remote(), 2)
    store.save(remote)

    assert remote == store.load()
    (tmp_path / "remote").write_bytes(msgspec.msgpack.encode(remote)[:-5])
    assert Remote() == store.load()
