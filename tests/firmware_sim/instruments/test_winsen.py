"""The Winsen module speaks as the manuals' frames do."""

from typing import Any

from firmware_sim.instruments.winsen import CH2O, CO, PPB, PPM, GasModule


def test_manual_s_values_encode_to_the_manual_s_bytes(vectors: list[dict[str, Any]]) -> None:
    """Upload and answer of the ZE07-CH2O are reproduced byte by byte from what they decode to."""
    module = GasModule(CH2O, PPB, 0, 5000, counts=37, mass=42, parts=32)
    printed = {v["kind"]: v["hex"] for v in vectors if v["device"] == "Winsen ZE07-CH2O"}

    assert printed["frame"] == module.upload().hex()
    assert printed["response"] == module.hear(bytes.fromhex("ff0186000000000079")).hex()


def test_module_that_waits_sends_nothing_until_it_is_told(vectors: list[dict[str, Any]]) -> None:
    """The published commands switch it, and nothing is said to them."""
    module = GasModule(CO, PPM, 1, 5000, counts=5)
    commands = {v["decoded"]["cmd"]: bytes.fromhex(v["hex"]) for v in vectors if v["device"].startswith("Winsen ZE (")}

    assert module.hear(commands["Q&A mode"]) == b""
    assert module.upload() == b""
    assert module.hear(commands["active-upload mode"]) == b""
    assert module.upload().hex() == "ff0403010005138858"


def test_commands_in_one_go_are_told_apart() -> None:
    """A line hands over bytes as it likes: "wait" and a question together, then a question in two pieces."""
    module, question = GasModule(CO, PPM, 1, 5000, mass=5, parts=5), bytes.fromhex("ff0186000000000079")
    answer = bytes.fromhex("ff8600050000000570")

    assert answer == module.hear(bytes.fromhex("ff0178410000000046") + question)
    assert answer == module.hear(question[:4]) + module.hear(question[4:])
    assert module.waits


def test_broken_module_sets_the_top_bit() -> None:
    """As the ZE15-CO manual says."""
    module = GasModule(CO, PPM, 1, 5000, counts=5, broken=True)

    assert module.upload()[4:6].hex() == "8005"
