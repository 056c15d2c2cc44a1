"""Make, once, everything that the compose file's programs must not share: certificates, passwords, keys.

Run as `python prepare.py DIRECTORY`; DIRECTORY/{broker,hub,gateway,influxdb} are the volumes of the four programs. What
is there already stays.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.key import load_or_create, public_text
from firmware_sim.scenes import build_scene
from firmware_sim.zone import build_zone
from wire.clock import ScaledClock

TEMPLATES = Path(__file__).parent
GATEWAY = "gw-labs"
# Who reads which volume: the users of the images.
OWNERS = {"broker": 1883, "hub": 10001, "gateway": 10001, "influxdb": 1000}
VALID = timedelta(days=3650)
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# Rounds of PBKDF2 in the broker's password file: every connection computes them anew.
ROUNDS = 10_000
SEED = 1


class Authority:
    """A certificate authority for this one installation; its key is never written down."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "QuietWatch installation")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self._certificate = (
            _builder(self._name, self._key.public_key())
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        """Return the authority's certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """Return (certificate, key) of a server in PEM; it also answers to this machine's own names."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(host), x509.DNSName("localhost")]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([*names, x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def _builder(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # certificates go by the world's time, not by the played one
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def broker_line(user: str, password: str) -> str:
    """Return a line of Mosquitto's password file: PBKDF2 with SHA-512, scheme 7."""
    salt = secrets.token_bytes(12)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"{user}:$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}\n"


def played_clock(scene: str, speed: float) -> str:
    """Return the clock of all programs: the scene begins now, and life goes on at its own pace after its end."""
    played = build_scene(scene, build_zone(SEED))
    return str(ScaledClock(played.start_ms, time.monotonic_ns(), speed, played.end_ms))


def prepare(directory: Path, scene: str, speed: float) -> None:
    """Fill the four volumes.

    Args:
        directory: where they are mounted.
        scene: what the simulated instruments play.
        speed: field seconds per second.
    """
    authority = Authority()
    hub, gateway, broker, influxdb = (directory / name for name in ("hub", "gateway", "broker", "influxdb"))
    played = {"QW_CLOCK": played_clock(scene, speed)}
    passwords = {user: secrets.token_urlsafe(24) for user in ("hub", GATEWAY, "officer", "influxdb", "token")}
    for place, host in ((broker, "broker"), (hub, "hub"), (influxdb, "influxdb")):
        certificate, key = authority.issue(host)
        _write(place, {"server.pem": certificate, "server.key": key})
    _write(broker, {"passwords": "".join(broker_line(user, passwords[user]) for user in ("hub", GATEWAY)).encode()})
    _write(influxdb, {"password": passwords["influxdb"].encode(), "token": passwords["token"].encode()})
    _prepare_gateway(gateway, authority, played | {"QW_MQTT_PASSWORD": passwords[GATEWAY], "QW_SCENE": scene})
    public_key = public_text(load_or_create(gateway / "key.pem"))
    own = {"QW_MQTT_PASSWORD": "hub", "QW_HTTP_PASSWORD": "officer", "QW_INFLUX_TOKEN": "token"}
    _prepare_hub(hub, authority, played | {name: passwords[user] for name, user in own.items()}, public_key)


def _prepare_gateway(place: Path, authority: Authority, variables: dict[str, str]) -> None:
    _write(place, {"ca.pem": authority.pem(), "edge.toml": (TEMPLATES / "edge.toml").read_bytes()})
    _write(place / "env", {name: value.encode() for name, value in variables.items()})


def _prepare_hub(place: Path, authority: Authority, variables: dict[str, str], public_key: str) -> None:
    zone = build_zone(SEED)
    toml = (TEMPLATES / "hub.toml").read_text() + f'\n[[gateway]]\nid = "{GATEWAY}"\npublic_key = "{public_key}"\n'
    world = SYSTEM_AUTHORITIES.read_bytes() if SYSTEM_AUTHORITIES.exists() else b""
    content = {"ca.pem": authority.pem(), "authorities.pem": world + authority.pem(), "hub.toml": toml.encode()}
    for name, shapes in (("areas", zone.areas_geojson()), ("districts", zone.districts_geojson())):
        content[f"{name}.geojson"] = json.dumps(shapes, ensure_ascii=False).encode()
    _write(place, content)
    _write(place / "env", {name: value.encode() for name, value in variables.items()})


def _write(place: Path, files: dict[str, bytes]) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        handle = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def hand_over(directory: Path) -> None:
    """Give each volume to the user of its program, and to nobody else; only root can."""
    for name, owner in OWNERS.items():
        for path in (directory / name, *(directory / name).rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o400)
            if os.geteuid() == 0:
                os.chown(path, owner, owner)


def main(directory: Path) -> None:
    """Fill the volumes unless that was done; what a broken attempt left is made anew."""
    done = directory / "hub" / "prepared"
    if not done.exists():
        for name in OWNERS:
            for path in (directory / name).glob("*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        prepare(directory, os.environ.get("QW_SCENE", "full"), float(os.environ.get("QW_SPEED", "30")))
        _write(directory / "hub", {"prepared": b""})
    hand_over(directory)
    password = directory / "hub" / "env" / "QW_HTTP_PASSWORD"
    sys.stdout.write(f"https://localhost:8443/  user: officer  password: {password.read_text()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
