"""Gateway and hub over a line that loses, repeats and reorders, while either side is restored, cloned or rotten."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.catalogue import Inventory, Series
from edge.outbox import Identity, Limits, Outbox
from edge.outbox.frame import Frame, FrameKind, scan
from edge.sender import Sender
from hub.ingest.accept import Known, accept, authenticate
from wire.batch import Ack, CatalogueDevice, CatalogueStation, read_catalogue, read_readings, sha256
from wire.errors import UnusablePayload
from wire.reading import Reading

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {"gw-1": KEY.public_key()}
STATION = CatalogueStation("micro-1", "micro_station", "一号", 116.5, 39.8)
INVENTORY = Inventory(
    "test",
    (STATION,),
    (CatalogueDevice("micro-1-pm", "micro-1", "pms"),),
    (Series("micro-1-pm", "pm2_5", "ug/m3", 60.0),),
)
LIMITS = Limits(segment_bytes=3000)
ROUNDS = 60


@dataclass
class Hub:
    """What a hub has on disk; copies of it are its backups."""

    known: Known = field(default_factory=Known)
    bodies: set[bytes] = field(default_factory=set)
    described: set[int] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)

    def copy(self) -> "Hub":
        """Return a backup."""
        return Hub(self.known, set(self.bodies), set(self.described), list(self.numbers))

    def receive(self, envelope: bytes) -> Ack:
        """Take a batch or not, and say what is committed of its epoch."""
        payload = authenticate("gw-1", envelope, KEYS)
        digest = sha256(envelope)
        if accept(self.known, payload, digest).outcome == "take":
            self.known = self.known.moved(self.known.at(payload.epoch).moved(payload.seq, digest))
            if payload.kind == "catalogue":
                read_catalogue(payload.body)
                self.described.add(payload.epoch)
            elif payload.kind == "readings" and sha256(payload.body) not in self.bodies:
                assert payload.epoch in self.described, "readings came before the catalogue that they need"
                self.bodies.add(sha256(payload.body))
                columns = read_readings(payload.body).columns
                self.numbers += map(int, memoryview(columns.value).cast("d"))
        return self.ack(payload.epoch)

    def ack(self, epoch: int) -> Ack:
        """Say what is committed of an epoch."""
        at = self.known.at(epoch)
        return Ack(at.epoch, at.seq, at.hash, 0)


class Gateway:
    """One card in one board; the numbers are those that its outbox holds."""

    def __init__(self, directory: Path, numbers: set[int]) -> None:
        self.directory = directory
        self.numbers = numbers
        self.up: list[bytes] = []
        self.down: list[Ack] = []
        self.start()

    def start(self) -> None:
        """Begin a life of the agent."""
        self.outbox = Outbox(self.directory, Identity("gw-1", KEY, b"the boot........"), INVENTORY, LIMITS)
        self.outbox.set_clock(1_700_000_000_000, "ntp")
        self.sender = Sender(self.outbox, Random(1), 5.0)

    def restart(self) -> None:
        """Be killed and start again."""
        self.outbox.close()
        self.down.clear()
        self.start()


class Line(RuleBasedStateMachine):
    """Two boards at most, of which the second is a clone; one hub."""

    @initialize()
    def begin(self) -> None:
        """One gateway, one hub, both new."""
        self.place = Path(tempfile.mkdtemp())
        self.hub = Hub()
        self.gateways = [Gateway(self.place / "0", set())]
        self.backup: Hub | None = None
        self.image: tuple[Path, set[int]] | None = None
        self.now_s = 0.0
        self.following = 0
        self.copies = 0

    def teardown(self) -> None:
        """Close what is open."""
        for gateway in getattr(self, "gateways", []):
            gateway.outbox.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def _copy(self, gateway: Gateway) -> Path:
        self.copies += 1
        return Path(shutil.copytree(gateway.directory, self.place / f"copy-{self.copies}"))

    @rule(which=st.integers(0, 1), count=st.integers(1, 3))
    def take_readings(self, which: int, count: int) -> None:
        """Instruments answer."""
        gateway = self.gateways[which % len(self.gateways)]
        for _ in range(count):
            self.following += 1
            gateway.outbox.append([Reading("micro-1-pm", "pm2_5", 1000 * self.following, float(self.following))])
            gateway.numbers.add(self.following)

    @rule(which=st.integers(0, 1), after_s=st.sampled_from([0.0, 1.0, 7.0, 60.0]))
    def turn(self, which: int, after_s: float) -> None:
        """A gateway's loop turns once, some time later."""
        self.now_s += after_s
        gateway = self.gateways[which % len(self.gateways)]
        gateway.up += gateway.sender.turn(self.now_s)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 40), lose=st.booleans(), repeat=st.booleans())
    def deliver_up(self, which: int, pick: int, *, lose: bool, repeat: bool) -> None:
        """A batch arrives, or is lost; perhaps out of order; perhaps it will come again."""
        gateway = self.gateways[which % len(self.gateways)]
        if not gateway.up:
            return
        envelope = gateway.up[pick % len(gateway.up)] if pick > 20 else gateway.up[0]
        if not repeat:
            gateway.up.remove(envelope)
        if not lose:
            self._answer(self.hub.receive(envelope))

    @rule(which=st.integers(0, 1))
    def deliver_all(self, which: int) -> None:
        """All that a gateway has sent arrives."""
        gateway = self.gateways[which % len(self.gateways)]
        envelopes, gateway.up = gateway.up, []
        for envelope in envelopes:
            self._answer(self.hub.receive(envelope))

    def _answer(self, ack: Ack) -> None:
        for gateway in self.gateways:  # both clones hear what is said to either
            gateway.down.append(ack)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 40), lose=st.booleans(), repeat=st.booleans())
    def deliver_down(self, which: int, pick: int, *, lose: bool, repeat: bool) -> None:
        """An acknowledgement arrives, or is lost; perhaps out of order; perhaps it will come again."""
        gateway = self.gateways[which % len(self.gateways)]
        if not gateway.down:
            return
        ack = gateway.down[pick % len(gateway.down)] if pick > 20 else gateway.down[0]
        if not repeat:
            gateway.down.remove(ack)
        if not lose:
            gateway.sender.on_ack(ack, self.now_s)

    @rule(which=st.integers(0, 1))
    def reconnect(self, which: int) -> None:
        """A session begins; the hub answers the status as its receiver does."""
        gateway = self.gateways[which % len(self.gateways)]
        gateway.up.clear()
        gateway.sender.on_connect(self.now_s)
        gateway.down.append(self.hub.ack(gateway.outbox.chain.epoch))

    @rule(which=st.integers(0, 1))
    def kill_gateway(self, which: int) -> None:
        """An agent is killed; its directory stays as it is."""
        self.gateways[which % len(self.gateways)].restart()

    @rule()
    def back_up_hub(self) -> None:
        """A backup of the hub is made."""
        self.backup = self.hub.copy()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore_hub(self) -> None:
        """The hub goes back to its backup."""
        assert self.backup is not None
        self.hub = self.backup.copy()

    @rule()
    def wipe_hub(self) -> None:
        """The hub loses all it had."""
        self.hub = Hub()

    @rule()
    def image_gateway(self) -> None:
        """The directory of the running agent is copied, rows that are in no block included."""
        self.image = self._copy(self.gateways[0]), set(self.gateways[0].numbers)

    @precondition(lambda self: self.image is not None)
    @rule()
    def restore_gateway(self) -> None:
        """What only the card had is lost with it."""
        assert self.image is not None
        old = self.gateways[0]
        old.outbox.close()
        self.copies += 1
        directory = Path(shutil.copytree(self.image[0], self.place / f"copy-{self.copies}"))
        self.gateways[0] = Gateway(directory, set(self.image[1]))

    @precondition(lambda self: len(self.gateways) == 1)
    @rule()
    def clone_gateway(self) -> None:
        """A card is copied while its board is off: what it had appended is in a block by then."""
        self.gateways[0].outbox.flush()
        self.gateways.append(Gateway(self._copy(self.gateways[0]), set(self.gateways[0].numbers)))

    @rule(which=st.integers(0, 1), pick=st.integers(0, 100))
    def rot_block(self, which: int, pick: int) -> None:
        """A byte of one block flips, behind the back of the running agent."""
        gateway = self.gateways[which % len(self.gateways)]
        gateway.outbox.flush()
        paths = sorted(gateway.directory.glob("*.log"))
        path = paths[pick % len(paths)]
        content = bytearray(path.read_bytes())
        blocks = [frame for frame in scan(bytes(content)).frames if frame.kind == FrameKind.BLOCK and frame.body]
        if blocks:
            frame = blocks[pick % len(blocks)]
            content[frame.end - 1] ^= 0xFF
            path.write_bytes(bytes(content))
            gateway.numbers -= _readings(frame)

    @invariant()
    def nothing_is_doubled(self) -> None:
        """The hub has each reading once, whatever happened."""
        numbers = getattr(self, "hub", Hub()).numbers
        assert len(numbers) == len(set(numbers))

    @rule()
    def settle(self) -> None:
        """On a good line everything that is held arrives within a few rounds: no wedge, no loss."""
        for which in range(len(self.gateways)):
            self.reconnect(which)
        for turn in range(ROUNDS):
            self.now_s += 40
            for gateway in self.gateways:
                gateway.up += gateway.sender.turn(self.now_s)
                self.deliver_all(self.gateways.index(gateway))
            for gateway in self.gateways:
                acks, gateway.down = gateway.down, []
                for ack in acks:
                    gateway.sender.on_ack(ack, self.now_s)
            if turn > 2 and all(not gateway.outbox.unacknowledged and not gateway.up for gateway in self.gateways):
                break
        for gateway in self.gateways:
            assert gateway.outbox.unacknowledged == 0
            assert gateway.numbers <= set(self.hub.numbers)


def _readings(frame: Frame) -> set[int]:
    assert frame.body is not None
    try:
        columns = read_readings(frame.body[32:]).columns
    except UnusablePayload:
        return set()
    return set(map(int, memoryview(columns.value).cast("d")))


Line.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestLine = Line.TestCase
