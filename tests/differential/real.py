"""A real API server out of a folder of binaries: etcd, kube-apiserver and two of the controllers, on free ports."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.differential.asking import Server
from tests.waiting import eventually

VARIABLE = "INFEROPS_REAL_KUBE_APISERVER"
"""Names a folder with the binaries, or the URL of a server that runs; its token is then in ``VARIABLE_TOKEN``."""
BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
_HOST = "127.0.0.1"


@contextmanager
def real(folder: Path, home: Path) -> Iterator[Server]:
    """Run the binaries of ``folder`` with their data in ``home`` while the block lasts."""
    ports = dict(zip(("etcd", "peer", "api", "controllers"), _free_ports(4), strict=True))
    server = Server(f"https://{_HOST}:{ports['api']}", secrets.token_hex(16))
    _furnish(home, server)
    children: list[subprocess.Popen[bytes]] = []
    try:
        children.append(_start(folder / "etcd", home, _etcd(ports)))
        children.append(_start(folder / "kube-apiserver", home, _api_server(ports)))
        with server.client() as client:
            eventually(lambda: _ready(client, server))
        children.append(_start(folder / "kube-controller-manager", home, _controllers(ports)))
        yield server
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait(timeout=60)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for sock in held:
        sock.bind((_HOST, 0))
    ports = [int(sock.getsockname()[1]) for sock in held]
    for sock in held:
        sock.close()
    return ports


def _ready(client: httpx.Client, server: Server) -> bool:
    try:
        return client.get(f"{server.url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _start(program: Path, home: Path, flags: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [str(program), *(f"--{name}={value}" for name, value in flags.items())]
    with (home / f"{program.name}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log)  # noqa: S603 - our own arguments


def _furnish(home: Path, server: Server) -> None:
    """Write what the programs read: a signing key, the token of an administrator, the way to the API server."""
    subprocess.run(["openssl", "genrsa", "-out", "sa.key", "2048"], cwd=home, check=True, capture_output=True)  # noqa: S607 - found on the path
    (home / "tokens.csv").write_text(f"{server.token},admin,admin,system:masters\n", encoding="utf-8")
    cluster = {"server": server.url, "insecure-skip-tls-verify": True}
    way = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "real", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": server.token}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": "admin"}}],
        "current-context": "real",
    }
    (home / "kubeconfig").write_text(json.dumps(way), encoding="utf-8")


def _etcd(ports: dict[str, int]) -> dict[str, str]:
    clients, peers = (f"http://{_HOST}:{ports[name]}" for name in ("etcd", "peer"))
    return {
        "data-dir": "etcd",
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
        "unsafe-no-fsync": "true",
    }


def _api_server(ports: dict[str, int]) -> dict[str, str]:
    return {
        "etcd-servers": f"http://{_HOST}:{ports['etcd']}",
        "bind-address": _HOST,
        "advertise-address": _HOST,
        "secure-port": str(ports["api"]),
        "cert-dir": "certificates",
        "service-account-key-file": "sa.key",
        "service-account-signing-key-file": "sa.key",
        "service-account-issuer": "https://kubernetes.default",
        "token-auth-file": "tokens.csv",
        "authorization-mode": "RBAC",
        "disable-admission-plugins": "ServiceAccount",
        "service-cluster-ip-range": "10.0.0.0/24",
    }


def _controllers(ports: dict[str, int]) -> dict[str, str]:
    # Only what ends objects: nothing else may change what the checks look at.
    return {
        "kubeconfig": "kubeconfig",
        "leader-elect": "false",
        "bind-address": _HOST,
        "port": "0",
        "secure-port": str(ports["controllers"]),
        "controllers": "garbagecollector,namespace",
    }
