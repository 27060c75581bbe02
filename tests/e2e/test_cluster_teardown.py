"""Whatever happens while a cluster is brought up, taking it down leaves nothing of it."""

import contextlib
import fcntl
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from tests.cluster import paths
from tests.cluster.local.identity import is_running
from tests.cluster.local.layout import Layout
from tests.cluster.providers import provider
from tests.cluster.traces import look, processes

pytestmark = [pytest.mark.e2e, pytest.mark.bare_node]

SEED = int(os.environ.get("MODELWARD_CHAOS_SEED", "20261123"))
RANDOM = random.Random(SEED)
# A bring-up takes five to seven seconds; its first moments are the delicate ones.
MOMENTS = [RANDOM.uniform(0.0, limit) for limit in (0.4, 0.8, 1.5, 6.0, 8.0)]


@pytest.fixture
def layout() -> Iterator[Layout]:
    name = f"chaos-{os.getpid()}"
    yield Layout(paths.cluster_folder(name))
    provider().down(name)


def start(layout: Layout) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.cluster", "up", "--name", layout.name]
    return subprocess.Popen(command, cwd=paths.PROJECT_ROOT, start_new_session=True)


@pytest.mark.parametrize("moment", MOMENTS, ids="after {:.2f} s".format)
def test_nothing_is_left_when_bring_up_is_killed(layout: Layout, moment: float) -> None:
    print(f"seed {SEED}: kill -9 after {moment:.3f} s")
    before = look(layout)
    with start(layout) as bring_up:
        time.sleep(moment)
        os.kill(bring_up.pid, signal.SIGKILL)
    left_running = processes(layout)
    provider().down(layout.name)
    # A namespace without a process and without a mount is gone, so nothing is left of these either.
    assert not [identity for identity in left_running if is_running(identity)]
    assert processes(layout) == frozenset()
    assert look(layout) == before
    assert not layout.folder.exists()


def test_nothing_is_left_of_a_cluster_with_running_pods(layout: Layout) -> None:
    before = look(layout)
    cluster = provider().up(layout.name)
    cluster.kubectl("create", "deployment", "idle", "--image=modelward.local/pause:1")
    cluster.kubectl("wait", "--for=condition=Available", "deploy/idle", "--timeout=60s")
    running = processes(layout)
    # The supervisor, its eight programs, and the pod: a shim and two containers of one process.
    assert len(running) >= 12
    assert provider().down(layout.name)
    assert not [identity for identity in running if is_running(identity)]
    assert look(layout) == before
    assert not provider().down(layout.name)


# Accepts a connection and sends until the other side, which never reads, takes no more.
SEND_UNTIL_STUCK = """
import socket
server = socket.create_server(("0.0.0.0", {port}))
connection, _ = server.accept()
connection.setblocking(False)
try:
    while True:
        connection.send(bytes(65536))
except BlockingIOError:
    connection.setblocking(True)
    connection.send(bytes(65536))
"""


def test_a_connection_that_is_cut_off_in_the_middle_does_not_hold_up_the_end(
    layout: Layout,
) -> None:
    """Its kernel keeps the network namespace for as long as it tries to send the rest.

    That is minutes, which `down` does not wait for: it fails first.
    """
    cluster = provider().up(layout.name)
    node = cluster.kubectl("get", "nodes", "-o", "jsonpath={..addresses[0].address}").stdout
    program = SEND_UNTIL_STUCK.format(port=18555)
    command = [sys.executable, "-m", "tests.cluster", "run", "--name", layout.name, "--"]
    with (
        subprocess.Popen([*command, "python3", "-c", program], cwd=paths.PROJECT_ROOT),
        connect((node, 18555)) as connection,
    ):
        wait_until_stuck(connection)
        assert provider().down(layout.name)


def wait_until_stuck(connection: socket.socket) -> None:
    """Wait until no more arrives, because the buffers of both sides are full."""
    before, now = -1, 0
    while now != before or not now:
        time.sleep(0.3)
        before, now = now, unread(connection)


def unread(connection: socket.socket) -> int:
    """Return how many bytes have arrived that nobody has read."""
    (size,) = struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))
    return int(size)


def connect(address: tuple[str, int]) -> socket.socket:
    for _ in range(600):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(address)
        time.sleep(0.1)
    raise TimeoutError(address)


def test_a_control_plane_that_lost_its_supervisor_is_taken_down(layout: Layout) -> None:
    provider().up(layout.name, control_plane_only=True)
    running = processes(layout)
    assert len(running) == 3
    os.kill(layout.recorded_supervisor().pid, signal.SIGKILL)
    provider().down(layout.name)
    assert not [identity for identity in running if is_running(identity)]
