"""The images and the compose file, as far as they can be checked without a Docker engine."""

import importlib.util
import re
import ssl
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from quietwatch.cli.commands import COMMANDS

DOCKERFILES = ("edge.Dockerfile", "hub.Dockerfile")


@pytest.fixture(scope="module")
def docker(root: Path) -> Path:
    """The folder."""
    return root / "docker"


@pytest.fixture(scope="module")
def compose(docker: Path) -> dict[str, Any]:
    """The compose file, with YAML's merges applied."""
    loaded: dict[str, Any] = yaml.safe_load((docker / "compose.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def preparation(docker: Path) -> ModuleType:
    """The script that makes certificates, passwords and keys."""
    spec = importlib.util.spec_from_file_location("prepare", docker / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def volumes(preparation: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four volumes after the script has run."""
    directory = tmp_path_factory.mktemp("secrets")
    preparation.main(directory)
    return directory


def steps(dockerfile: Path, instruction: str) -> list[str]:
    """Return the arguments of each instruction of one kind, continued lines joined."""
    text = dockerfile.read_text("utf-8").replace("\\\n", " ")
    return [line.split(None, 1)[1] for line in text.splitlines() if line.startswith(f"{instruction} ")]


def is_command(words: list[str]) -> bool:
    """Return whether `quietwatch` has a command of these words."""
    return any(words[: len(command.words)] == list(command.words) for command in COMMANDS)


def test_the_compose_file_keeps_the_specification(docker: Path) -> None:
    """Against the JSON schema of the compose specification, as check-jsonschema carries it."""
    check = Path(sys.executable).with_name("check-jsonschema")
    command = [check, "--builtin-schema", "vendor.compose-spec", docker / "compose.yaml"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)

    assert outcome.returncode == 0, outcome.stdout


def test_what_the_compose_file_names_exists(compose: dict[str, Any], docker: Path) -> None:
    """Networks and volumes are declared, mounted files stand in the folder, builds have their Dockerfile."""
    for service in compose["services"].values():
        assert set(service.get("networks", [])) <= set(compose["networks"])
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (docker / source).is_file() if source.startswith(".") else source in compose["volumes"]
        if "build" in service:
            assert (docker / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_every_port_is_published_on_loopback_only(compose: dict[str, Any]) -> None:
    """Whoever wants more says so."""
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_a_gateway_and_the_database_share_no_network(compose: dict[str, Any]) -> None:
    """What stands in the field reaches the broker and nothing else."""
    services = compose["services"]

    assert set(services["gateway"]["networks"]).isdisjoint(services["influxdb"]["networks"])
    assert set(services["gateway"]["networks"]).isdisjoint(services["hub"]["networks"])


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_copied_file_exists(docker: Path, root: Path, name: str) -> None:
    """COPY sources stand in the tree, and the build context lets them in."""
    admitted = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for step in steps(docker / name, "COPY"):
        *sources, _ = [word for word in step.split() if not word.startswith("--")]
        if "--from=" in step:
            continue
        assert all((root / source).exists() for source in sources), step
        assert {source.split("/")[0] for source in sources} <= admitted, step


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_installs_from_its_lock_with_hashes(docker: Path, name: str) -> None:
    """Everything but the project's own wheel comes from the lock that the image copies."""
    installs = [step for step in steps(docker / name, "RUN") if "pip install" in step]
    lock = f"{name.split('.', maxsplit=1)[0]}.lock"

    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert f"/tmp/{lock}" in installs[0]  # noqa: S108  # inside the image
    assert "--no-deps /tmp/wheels/" in installs[1]


def test_every_command_of_the_images_exists(compose: dict[str, Any], docker: Path) -> None:
    """Each `quietwatch …` in Dockerfiles, compose file and scripts is a command of the command line."""
    texts = [(docker / name).read_text() for name in (*DOCKERFILES, "simulated.sh")]
    texts += [" ".join(service.get("command", [])) for service in compose["services"].values()]
    plain = re.sub(r'[",\[\]]', " ", "\n".join(texts))
    found = [match.split() for match in re.findall(r"\bquietwatch +([a-z]+ +[a-z]+)\b", plain)]

    assert ["sim", "run"] in found
    assert ["hub", "run"] in found
    assert [words for words in found if not is_command(words)] == []


def test_the_simulated_instruments_are_those_of_the_field(docker: Path) -> None:
    """The gateway's configuration names stations, units and ports as the simulator has them."""
    text = (docker / "edge.toml").read_text("utf-8")
    for station in ("lab-08", "lab-09", "lab-10"):
        assert f'"/run/field/ports/{station}-bus"' in text
        assert f'id = "{station}-air"' in text


def test_certificates_are_those_of_their_programs(volumes: Path) -> None:
    """Each server has its own name, issued by the authority that hub and gateway are given."""
    authority = x509.load_pem_x509_certificate((volumes / "gateway" / "ca.pem").read_bytes())
    for host in ("broker", "hub", "influxdb"):
        certificate = x509.load_pem_x509_certificate((volumes / host / "server.pem").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        certificate.verify_directly_issued_by(authority)

        assert host in names.get_values_for_type(x509.DNSName)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            volumes / host / "server.pem", volumes / host / "server.key"
        )


def test_the_authority_cannot_sign_again(volumes: Path) -> None:
    """Its key is in no volume."""
    public = x509.load_pem_x509_certificate((volumes / "hub" / "ca.pem").read_bytes()).public_key()
    keys = [serialization.load_pem_private_key(path.read_bytes(), None) for path in volumes.rglob("*.key")]

    assert len(keys) == 3
    assert all(key.public_key() != public for key in keys)
    assert all(isinstance(key, ec.EllipticCurvePrivateKey) and key.sign(b"", ec.ECDSA(hashes.SHA256())) for key in keys)


def test_no_secret_is_readable_by_others(volumes: Path) -> None:
    """Files 0400, directories 0700; passwords differ."""
    files = [path for path in volumes.rglob("*") if path.is_file()]
    modes = {path.stat().st_mode & 0o777 for path in files}
    passwords = [path.read_text() for path in files if path.name.endswith("PASSWORD") or path.name == "password"]

    assert modes == {0o400}
    assert len(passwords) == len(set(passwords)) == 4


def test_preparing_twice_changes_nothing(preparation: ModuleType, volumes: Path) -> None:
    """Starting the compose file again keeps keys and passwords."""
    before = {path: path.read_bytes() for path in volumes.rglob("*") if path.is_file()}
    preparation.main(volumes)

    assert {path: path.read_bytes() for path in volumes.rglob("*") if path.is_file()} == before


def test_the_hub_accepts_its_configuration(volumes: Path) -> None:
    """TLS, password, gateway's key and zone are all there."""
    from hub.config import load_config  # noqa: PLC0415

    environ = {path.name: path.read_text() for path in (volumes / "hub" / "env").iterdir()}
    config = load_config(volumes / "hub" / "hub.toml", environ)

    assert set(config.keys) == {"gw-labs"}
    assert config.influx is not None


def test_the_gateway_accepts_its_configuration(volumes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stations, devices and the broker's TLS are all there."""
    from edge.config import load  # noqa: PLC0415

    for path in (volumes / "gateway" / "env").iterdir():
        monkeypatch.setenv(path.name, path.read_text())
    config = load(volumes / "gateway" / "edge.toml")

    assert config.gateway.id == "gw-labs"
    assert len(config.devices) == 6
