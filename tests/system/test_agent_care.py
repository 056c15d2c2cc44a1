"""The running agent, a real process: looked at over its socket and page, reconfigured, watched by systemd."""

import asyncio
import base64
import contextlib
import json
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
from played.agent import OPEN_SESAME, PATIENCE_S, Agent, answering, counters, free_port, running

pytestmark = pytest.mark.system


def test_reload_touches_only_what_changed(tmp_path: Path) -> None:
    """One counter goes, one comes, one stays: its line is never closed; the outbox goes on in its epoch."""

    async def scene() -> None:
        async with (
            counters(3) as (stays, goes, comes),
            running(tmp_path, {"stays": stays.port, "goes": goes.port}) as agent,
        ):
            first = await agent.until(lambda state: len(answering(state)) == 2)
            agent.configure({"comes": comes.port, "stays": stays.port}, gateway='outbox_dir = "elsewhere"')
            agent.tell(signal.SIGHUP)
            second = await agent.until(
                lambda state: (
                    answering(state).keys() == {"stays", "comes"}
                    and answering(state)["stays"] > answering(first)["stays"]
                )
            )

            assert (stays.opened, comes.opened) == (1, 1)
            assert second.config.digest != first.config.digest
            assert second.outbox.epoch == first.outbox.epoch
            assert {value.property for device in second.devices for value in device.values} >= {"pm2_5", "pm10"}
            assert "from the next start on: [gateway] outbox_dir" in agent.log()
            assert not (tmp_path / "elsewhere").exists()
            lines = agent.listen()
            reloading = lines.index("RELOADING=1")
            assert lines[reloading + 1].startswith("MONOTONIC_USEC=")
            assert "READY=1" in lines[reloading + 2 :]

    asyncio.run(scene())


def test_file_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    """It is said in the log and in the state; readings go on; the file put right is taken over."""

    async def scene() -> None:
        async with counters(1) as (device,), running(tmp_path, {"counter": device.port}) as agent:
            before = await agent.until(answering)
            good = (tmp_path / "edge.toml").read_text()
            (tmp_path / "edge.toml").write_text(good.replace("flush_s", "flash_s"))
            agent.tell(signal.SIGHUP)
            refused = await agent.until(lambda state: state.config.refused)
            (tmp_path / "edge.toml").write_text(good)
            agent.tell(signal.SIGHUP)
            after = await agent.until(
                lambda state: not state.config.refused and answering(state)["counter"] > answering(before)["counter"]
            )

            assert "did you mean 'flush_s'" in refused.config.refused
            assert refused.config.digest == before.config.digest == after.config.digest
            assert device.opened == 1

    asyncio.run(scene())


def test_moved_device_is_refused_whole(tmp_path: Path) -> None:
    """Its earlier readings would move with it: nothing of that file is taken over."""

    async def scene() -> None:
        async with counters(2) as (device, other), running(tmp_path, {"counter": device.port}) as agent:
            await agent.until(answering)
            agent.configure({"counter": device.port, "other": other.port})
            text = (tmp_path / "edge.toml").read_text()
            second = '[[station]]\nid = "lab-2"\nkind = "lab"\nname = "二号"\nlongitude = 116.6\nlatitude = 39.8\n'
            (tmp_path / "edge.toml").write_text(second + text.replace('station = "lab-1"', 'station = "lab-2"', 1))
            agent.tell(signal.SIGHUP)
            state = await agent.until(lambda state: state.config.refused)

            assert "give the moved device a new id" in state.config.refused
            assert [each.id for each in state.devices] == ["counter"]
            assert (device.opened, other.opened) == (1, 0)

    asyncio.run(scene())


def test_gateway_says_how_it_is_while_the_hub_is_away(tmp_path: Path) -> None:
    """Values with unit and age, its own health, what waits: over the socket, for owner and group only."""

    async def scene() -> None:
        async with counters(1) as (device,), running(tmp_path, {"counter": device.port}) as agent:
            state = await agent.until(lambda state: answering(state) and len(state.health) >= 6 and state.uplink.fault)
            values = {value.property: value for value in state.devices[0].values}

            assert not state.uplink.connected
            assert state.outbox.blocks > 0
            assert state.outbox.bytes > 0
            assert (values["pm10"].value, values["pm10"].unit) == (34.0, "ug/m3")
            assert 0 <= values["pm10"].age_s < PATIENCE_S
            assert {value.property for value in state.health} >= {"memory_used", "disk_free", "outbox_depth"}
            assert (tmp_path / "agent.sock").stat().st_mode & 0o777 == 0o660
        assert not (tmp_path / "agent.sock").exists()

    asyncio.run(scene())


def test_systemd_is_told_the_agents_life(tmp_path: Path) -> None:
    """Ready once, alive again and again with a line for a person, stopping at the end."""

    async def scene() -> None:
        async with counters(1) as (device,), running(tmp_path, {"counter": device.port}) as agent:
            await agent.until(answering)
            await asyncio.sleep(0.5)
        lines = agent.heard

        assert lines.count("READY=1") == 1
        assert lines.count("WATCHDOG=1") >= 2
        assert any(line.startswith("STATUS=1 devices, 0 silent; hub not reached") for line in lines)
        assert "STOPPING=1" in lines[lines.index("READY=1") :]

    asyncio.run(scene())


def test_port_of_the_page_that_is_taken_stops_nothing_else(tmp_path: Path) -> None:
    """No page, one warning; readings are collected; the page comes with the next configuration."""

    async def scene() -> None:
        async with counters(1) as (device,):
            taken = socket.create_server(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            agent = Agent(tmp_path)
            agent.page_port = port
            agent.configure({"counter": device.port})
            agent.start()
            await agent.until(answering)

            assert "no page" in agent.log()
            taken.close()
            agent.page_port = free_port()
            agent.configure({"counter": device.port})
            agent.tell(signal.SIGHUP)
            await agent.until(lambda _: f"page at http://127.0.0.1:{agent.page_port}/" in agent.log())
            answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{agent.page_port}/values.json")

            assert answer.json()["gateway"] == "gw-1"
            assert agent.end() == 0

    asyncio.run(scene())


def test_page_with_password_and_certificate(tmp_path: Path) -> None:
    """Nothing for a stranger, nothing without TLS; with the password the page and the values; nonsense is refused."""
    key, certificate = tmp_path / "page.key", tmp_path / "page.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    subprocess.run([*command, "-keyout", key, "-out", certificate, "-days", "2"], check=True, capture_output=True)
    table = 'tls_cert = "page.pem"\ntls_key = "page.key"\npassword_env = "QW_PAGE"\n'

    async def scene() -> None:
        async with counters(1) as (device,), running(tmp_path, {"counter": device.port}, page=table) as agent:
            await agent.until(answering)
            url = f"https://127.0.0.1:{agent.page_port}"
            trust = ssl.create_default_context(cafile=str(certificate))
            async with httpx.AsyncClient(base_url=url, verify=trust) as client:
                lab = ("quietwatch", OPEN_SESAME)
                page, values = await client.get("/", auth=lab), await client.get("/values.json", auth=lab)
                statuses = [
                    (await client.get("/values.json")).status_code,
                    (await client.get("/values.json", auth=("quietwatch", "guess"))).status_code,
                    (await client.post("/", auth=lab)).status_code,
                    (await client.get("/../edge.toml", auth=lab)).status_code,
                    (await client.get("/", auth=lab, headers={"X": "x" * 9000})).status_code,
                ]
            with pytest.raises(httpx.HTTPError):
                await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{agent.page_port}/")

            assert "<!doctype html>" in page.text
            assert json.loads(values.content)["devices"][0]["id"] == "counter"
            assert statuses == [401, 401, 405, 404, 431]
            assert base64.b64encode(OPEN_SESAME.encode()).decode() not in agent.log() + page.text + values.text

    asyncio.run(scene())


def test_stalled_visitors_do_not_keep_others_out_for_ever(tmp_path: Path) -> None:
    """Whoever connects and says nothing takes a place for ten seconds; one too many is hung up on, the agent lives."""

    async def scene() -> None:
        async with counters(1) as (device,), running(tmp_path, {"counter": device.port}) as agent:
            before = await agent.until(answering)
            await agent.until(lambda _: "page at" in agent.log())
            with contextlib.ExitStack() as stack:
                for _ in range(16):
                    stack.enter_context(socket.create_connection(("127.0.0.1", agent.page_port)))
                with pytest.raises(httpx.HTTPError):
                    await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{agent.page_port}/", timeout=3)
                await agent.until(lambda state: answering(state)["counter"] > answering(before)["counter"])
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with contextlib.suppress(httpx.HTTPError):
                        page = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{agent.page_port}/")
                        break
                    await asyncio.sleep(0.1)

            assert page.status_code == 200

    asyncio.run(scene())
