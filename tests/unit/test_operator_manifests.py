"""The manifests: what is applied is what the code declares."""

from pathlib import Path
from typing import Any

import yaml

from modelward.cluster.assembly import STUCK_SECONDS
from modelward.cluster.ending import ROUND_SECONDS
from modelward.cluster.permissions import AT_HOME, PERMISSIONS
from modelward.cluster.run import END_SECONDS

PROBES = {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
BASE = Path(__file__).parents[2] / "manifests" / "base"


def documents(name: str) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all((BASE / name).read_text())]


def pod() -> dict[str, Any]:
    (deployment,) = documents("deployment.yaml")
    spec = deployment["spec"]["template"]["spec"]
    assert isinstance(spec, dict)
    return spec


def container() -> dict[str, Any]:
    (only,) = pod()["containers"]
    assert isinstance(only, dict)
    return only


def test_the_roles_grant_what_the_code_declares() -> None:
    roles = {role["kind"]: role["rules"] for role in documents("roles.yaml")}
    assert roles == {
        "ClusterRole": [permission.to_rule() for permission in PERMISSIONS],
        "Role": [permission.to_rule() for permission in AT_HOME],
    }


def test_nothing_is_allowed_on_secrets_and_nothing_by_wildcard() -> None:
    for permission in (*PERMISSIONS, *AT_HOME):
        rule = permission.to_rule()
        assert "*" not in str(rule)
        assert "secrets" not in rule["resources"]


def test_pods_and_data_sets_are_only_read_and_users_objects_never_written() -> None:
    verbs = {permission.resource: set(permission.verbs) for permission in PERMISSIONS}
    assert verbs["pods"] == {"watch"}
    assert verbs["configmaps"] == {"get"}
    assert verbs["modeldeployments"] == {"watch"}
    assert not [resource for resource in verbs if resource.startswith("pods/")]


def test_one_operator_at_a_time_runs_as_nobody_in_particular() -> None:
    (deployment,) = documents("deployment.yaml")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    security = container()["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_only_the_operator_s_own_pod_gets_its_token_and_no_addresses_of_other_services() -> None:
    (account,) = documents("service-account.yaml")
    assert account["automountServiceAccountToken"] is False
    assert pod()["automountServiceAccountToken"] is True
    assert pod()["enableServiceLinks"] is False


def test_probes_ask_what_the_operator_answers_and_it_has_time_to_end_well() -> None:
    (deployment,) = documents("deployment.yaml")
    paths = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in PROBES}
    assert paths == PROBES
    grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > ROUND_SECONDS + END_SECONDS
    liveness = container()["livenessProbe"]
    assert liveness["periodSeconds"] * liveness["failureThreshold"] < STUCK_SECONDS


def test_benchmark_pods_get_the_operator_s_own_image_because_no_other_is_said() -> None:
    names = {entry["name"] for entry in container()["env"]}
    assert names == {"MODELWARD_POD_NAME", "MODELWARD_POD_NAMESPACE", "MODELWARD_PROMETHEUS"}


def test_where_prometheus_is_stands_in_a_config_map_that_may_be_absent() -> None:
    (path,) = (e["value"] for e in container()["env"] if e["name"] == "MODELWARD_PROMETHEUS")
    (mount,) = container()["volumeMounts"]
    (volume,) = pod()["volumes"]
    assert path == f"{mount['mountPath']}/prometheus.yaml"
    assert volume["name"] == mount["name"]
    assert volume["configMap"] == {"name": "modelward-prometheus", "optional": True}
