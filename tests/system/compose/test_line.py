"""The compose file's hub and gateway, with the configuration of docker/, over TLS."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.system


class Line:
    """Hub, simulated field and gateway as processes of their own."""

    def __init__(self, composed: Any, directory: Path, stack: ExitStack) -> None:
        self._composed = composed
        self._stack = stack
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self._places = {
            'host = "broker"': 'host = "localhost"',
            "port = 8883": f"port = {composed.port}",
            "port = 8443": f"port = {self.port}",
            "/run/field": f"{directory}/field",
            "/var/lib/quietwatch": f"{directory}/state",
        }
        self._field = directory / "field"

    def start(self) -> None:
        """Start all three; each has said that it is ready, or has ended."""
        hub, gateway = self._composed.variables("hub"), self._composed.variables("gateway")
        clock = hub["QW_CLOCK"]
        self._run(["hub", "run", self._toml("hub"), "--clock", clock], hub)
        self._run(["sim", "run", "--directory", str(self._field), "--scene", "full", "--clock", clock], {})
        self._run(["edge", "run", self._toml("edge"), "--clock", clock], gateway, wait=False)

    def ask(self, stack: ExitStack) -> httpx.Client:
        """Return an officer's browser."""
        password = self._composed.variables("hub")["QW_HTTP_PASSWORD"]
        client = httpx.Client(
            base_url=f"https://localhost:{self.port}",
            auth=("officer", password),
            verify=self._composed.trust(),
            timeout=30,
        )
        return stack.enter_context(client)

    def _toml(self, program: str) -> str:
        place = self._composed.secrets / {"hub": "hub", "edge": "gateway"}[program]
        text = (place / f"{program}.toml").read_text("utf-8").replace("/run/quietwatch", str(place))
        for there, here in self._places.items():
            text = text.replace(there, here)
        text = text.partition("[store.influx]")[0] + "\n[[gateway]]".join(["", *text.split("\n[[gateway]]")[1:]])
        path = place / f"here.{program}.toml"
        path.write_text(text, "utf-8")
        return str(path)

    def _run(self, words: list[str], variables: dict[str, str], *, wait: bool = True) -> None:
        command = [sys.executable, "-m", "quietwatch", *words]
        process = self._stack.enter_context(
            subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
        )
        self._stack.callback(process.terminate)
        if wait:
            assert process.stdout is not None
            assert "ready" in process.stdout.readline()


@pytest.fixture(scope="module")
def line(composed: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The running line."""
    with ExitStack() as stack:
        running = Line(composed, tmp_path_factory.mktemp("line"), stack)
        running.start()
        yield running


def first(client: httpx.Client, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first snapshot of the live stream that has what is wanted."""
    with client.stream("GET", "/api/live") as answer:
        for text in answer.iter_lines():
            said = json.loads(text.removeprefix("data:")) if text.startswith("data:") else {}
            if "stations" in said and wanted(said):
                return dict(said)
    raise AssertionError("the stream has ended")


def test_readings_of_the_gateway_are_on_the_hubs_map(line: Line) -> None:
    """From ptys through outbox, TLS broker and journal to the live stream, with the files that the images use."""

    def complete(snapshot: dict[str, Any]) -> bool:
        seen = {s["id"]: set(s["values"]) for s in snapshot["stations"]}
        return all(seen.get(f"lab-{n}", set()) >= {"temperature", "noise"} for n in ("08", "09", "10"))

    with ExitStack() as stack:
        assert first(line.ask(stack), complete)["minute_ms"] > 0


def test_the_map_asks_for_a_password(line: Line) -> None:
    """Beyond loopback nothing is served to a stranger."""
    with ExitStack() as stack:
        client = line.ask(stack)
        client.auth = None

        assert client.get("/api/stations").status_code == 401
