"""A configuration on its way from an operator's command to a gateway in the field, and back when it does no good."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from played.line import Line

from edge.key import load_or_create, public_text
from edge.remote import MAX_STARTS

pytestmark = pytest.mark.system


class CaredLine(Line):
    """A line whose gateway knows an operator."""

    def configure(self, modbus_port: int) -> None:
        """Write the agent's configuration with the operator's key."""
        super().configure(modbus_port)
        key = public_text(load_or_create(self.place / "operator.pem"))
        own = self.place / "edge.toml"
        own.write_text(own.read_text().replace("[hub]\n", f'[hub]\nconfig_key = "{key}"\n'))

    def issue(self, period_s: float) -> str:
        """Have the operator sign the gateway's own file with another period; return what the command says."""
        file = self.place / "wanted.toml"
        own = (self.place / "edge.toml").read_text()
        file.write_text(own.replace(f"period_s = {self.period_s}", f"period_s = {period_s}"))
        command = [sys.executable, "-m", "quietwatch", "hub", "configure", "hub.toml", "wanted.toml"]
        said = subprocess.run(
            [*command, "--key", "operator.pem"], cwd=self.place, check=True, capture_output=True, text=True
        )
        return said.stdout


async def said(url: str, **expected: Any) -> dict[str, Any]:
    """Wait until the hub says so of its only gateway; return all that it says."""
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            answer = (await client.get(f"{url}/api/gateways")).json()
            if answer and expected.items() <= answer[0].items():
                return dict(answer[0])
            await asyncio.sleep(0.2)


def test_a_configuration_is_tried_kept_and_given_up_for_one_that_kills_the_agent(tmp_path: Path) -> None:
    """The hub sends it, the agent runs it at once, and an agent that keeps dying under one goes back by itself."""

    async def play() -> tuple[str, dict[str, Any], dict[str, Any]]:
        async with CaredLine(tmp_path) as line:
            url = line.hub.log.read_text().split("hub ready ")[1].split()[0].rstrip("/")
            told = line.issue(0.1)
            await said(url, config_version=1, config_fault="on trial")
            kept = await said(url, config_version=1, config_fault="")
            await asyncio.to_thread(line.issue, 0.05)
            await said(url, config_version=2)
            for _ in range(MAX_STARTS):
                line.kill_agent()
                await line.agent.start()
            back = await said(url, config_version=1, config_seen=2)
            verdict = await line.settle()
            # Whenever a port is opened anew for another configuration, one answer may be on the line.
            assert (verdict.lost <= 2, verdict.doubled) == (True, 0)
            return told, kept, back

    told, kept, back = asyncio.run(play())

    assert "gw: configuration 1 is signed" in told
    assert 1 == kept["config_seen"]
    assert "did not get through its trial" in back["config_fault"]
    assert kept["config"] == back["config"]
