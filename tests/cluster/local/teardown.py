"""Taking a cluster down, whatever state it is in."""

import shutil

from tests.cluster import locks
from tests.cluster.errors import ClusterError
from tests.cluster.local import cgroups, network
from tests.cluster.local.identity import kill
from tests.cluster.local.layout import Layout

_TIMEOUT = 30.0


def tear_down(layout: Layout) -> bool:
    """End all processes of a cluster and remove what it left; whether there was anything.

    Every process, mount and network interface of the cluster ends with its supervisor. What the
    kernel doesn't remove are control groups and the cluster's folder. The caller holds the
    cluster's lock, so there is no supervisor without a record.
    """
    if not layout.folder.exists():
        return False
    identity = layout.supervisor_identity()
    if identity is not None and not kill(identity, _TIMEOUT):
        message = f"process {identity.pid} of cluster {layout.name} doesn't end"
        raise ClusterError(message)
    with locks.locked(layout.alive):
        network.disconnect(layout, _TIMEOUT)
        cgroups.remove(layout.unique, _TIMEOUT)
    shutil.rmtree(layout.folder)
    return True
