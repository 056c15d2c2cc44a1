"""Tables on a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from quietwatch.cli.table import table, wide, wrap

TEXTS = st.text(st.sampled_from("ab -/站点，1"), max_size=60)


def test_chinese_takes_two_columns() -> None:
    """A column of Chinese and Latin names stands straight."""
    lines = table(["id", "name", "kind"], [["a", "实验室", "lab"], ["b", "roof", "lab"]], 80).splitlines()

    assert ["id  name    kind", "--  ------  ----", "a   实验室  lab", "b   roof    lab"] == lines


def test_a_long_cell_is_wrapped_and_an_empty_column_left_out() -> None:
    """Nothing goes beyond the terminal, nothing is cut off."""
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    lines = table(["device", "port", "fault"], [["lab-dust", port, ""]], 40).splitlines()

    assert max(map(wide, lines)) <= 40
    assert "fault" not in lines[0]
    assert port == "".join(line[10:].strip() for line in lines[2:])


@given(TEXTS, st.integers(10, 30))
def test_no_line_is_too_wide_and_no_character_lost(text: str, width: int) -> None:
    """Only spaces at a break go."""
    lines = wrap(text, width, "  ")

    assert max(wide(line.rstrip()) for line in lines) <= width
    assert text.replace(" ", "") == "".join(lines).replace(" ", "")
