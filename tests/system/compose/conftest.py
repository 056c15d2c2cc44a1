"""docker/ without Docker: its configuration and secrets in real programs; paths, hosts and ports are the test's."""

import importlib.util
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

DOCKER = Path(__file__).resolve().parents[3] / "docker"


@dataclass(frozen=True)
class Composed:
    """A running broker and the secrets that go with it.

    Attributes:
        secrets: the four volumes, as docker/prepare.py fills them.
        port: of the broker on loopback.
    """

    secrets: Path
    port: int

    def variables(self, place: str) -> dict[str, str]:
        """Return what start.sh exports for the program of a volume."""
        return {path.name: path.read_text() for path in (self.secrets / place / "env").iterdir()}

    def trust(self) -> ssl.SSLContext:
        """Return a context that trusts this installation's authority."""
        return ssl.create_default_context(cafile=str(self.secrets / "gateway" / "ca.pem"))

    def client(self, user: str, password: str | None = None) -> aiomqtt.Client:
        """Return a session over TLS; the password is the user's own unless another is given."""
        own = self.variables({"hub": "hub", "gw-labs": "gateway"}[user])["QW_MQTT_PASSWORD"]
        return aiomqtt.Client(
            "localhost", self.port, username=user, password=password or own, tls_context=self.trust(), timeout=5
        )


@pytest.fixture(scope="package")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Mosquitto with docker/mosquitto.conf and what docker/prepare.py makes."""
    secrets = tmp_path_factory.mktemp("secrets")
    _prepare(secrets)
    port = free_port()
    text = (DOCKER / "mosquitto.conf").read_text().replace("listener 8883", f"listener {port} 127.0.0.1")
    text = text.replace("/run/quietwatch", str(secrets / "broker")).replace("/mosquitto/config", str(DOCKER))
    (secrets / "mosquitto.conf").write_text(text + "user root\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with subprocess.Popen([program, "-c", secrets / "mosquitto.conf"], stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait(port, process)
            yield Composed(secrets, port)
        finally:
            process.terminate()


def free_port() -> int:
    """Return a TCP port that was free on loopback just now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def _prepare(secrets: Path) -> None:
    spec = importlib.util.spec_from_file_location("prepare", DOCKER / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    prepare.main(secrets)
    for path in (secrets, *secrets.rglob("*")):  # one user runs here what four users run there
        path.chmod(0o700 if path.is_dir() else 0o600)


def _wait(port: int, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        return
    raise AssertionError(process.stderr.read() if process.stderr else "the broker has ended")
