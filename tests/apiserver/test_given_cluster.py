"""A cluster that is named by KUBECONFIG alone, on a real API server."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.apiserver.manifests import CLUSTER_WIDE, OPERATOR, applied
from tests.cluster.errors import ClusterError
from tests.cluster.given import GivenProvider
from tests.cluster.provider import Cluster, KubectlError
from tests.cluster.rights import account_kubeconfig

pytestmark = pytest.mark.apiserver


def test_the_current_context_of_several_files_is_the_cluster(
    served: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "preferences": {}}))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join((str(other), str(served.kubeconfig))))
    cluster = GivenProvider().up("any")
    assert cluster.kubeconfig.stat().st_mode & 0o077 == 0
    seen = [c.kubectl("get", "namespace", "kube-system", "-o", "json") for c in (cluster, served)]
    uids = {json.loads(each.stdout)["metadata"]["uid"] for each in seen}
    assert len(uids) == 1
    assert GivenProvider().find("any") == cluster


def test_the_operator_s_account_is_spoken_for_there_too(
    served: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(served.kubeconfig))
    cluster = GivenProvider().up("any")
    with applied(cluster, CLUSTER_WIDE):
        path = account_kubeconfig(cluster, OPERATOR, tmp_path / "account")
        cluster.kubectl(f"--kubeconfig={path}", "get", "--raw", "/apis/modelward.dev/v1alpha1")
        whoami = ("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
        assert cluster.kubectl(f"--kubeconfig={path}", *whoami).stdout == OPERATOR.user


def test_a_cluster_that_does_not_answer_is_told_in_kubectl_s_words(
    served: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load(served.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    dead = tmp_path / "dead"
    dead.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(dead))
    with pytest.raises(KubectlError, match="refused"):
        GivenProvider().up("any")
    assert GivenProvider().find("any") is None


def test_a_kubeconfig_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "none"
    path.write_text("][")
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(ClusterError, match=f"KUBECONFIG={path}"):
        GivenProvider().up("any")
