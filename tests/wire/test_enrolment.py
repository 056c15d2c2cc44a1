"""The line by which a gateway introduces itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from wire.enrolment import Enrolment, read_enrolment

LINE = "qw1:gw-east:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True), st.binary(min_size=32, max_size=32))
def test_what_is_shown_is_what_is_read(gateway: str, key: bytes) -> None:
    """Round trip, blanks around it included."""
    enrolment = Enrolment(gateway, VerifyKey(key))

    assert enrolment == read_enrolment(f" {enrolment.text()}\n")


def test_the_form_does_not_change() -> None:
    """Lines that were printed and photographed stay good."""
    assert LINE == Enrolment("gw-east", VerifyKey(bytes(range(32)))).text()


@pytest.mark.parametrize(
    "line", ["", "qw2" + LINE[3:], LINE[:-1], LINE[:-6], LINE + ":x", LINE.replace("gw-east", "GW"), "qw1:gw-east"]
)
def test_a_line_that_was_cut_or_is_none_is_refused(line: str) -> None:
    """A wrong key in the hub's configuration would look like a forged gateway."""
    with pytest.raises(ValueError, match=r"enrolment|key|id"):
        read_enrolment(line)
