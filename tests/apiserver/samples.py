"""ModelDeployments and data sets for tests of the operator."""

from modelward.cluster.kinds import CONFIG_MAP, MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.kube import Kube

ROWS = '{"id": "1", "inputs": [], "expected": 1}\n{"id": "2", "inputs": [], "expected": 0}\n'


def deployment(namespace: str, name: str = "fraud", **spec: object) -> Document:
    """The smallest useful ModelDeployment; `spec` replaces members of its spec."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "serving": serving("1"),
            "datasets": [{"name": "golden", "configMap": {"name": "golden", "key": "rows.jsonl"}}],
            "kpis": [
                {
                    "name": "accuracy",
                    "benchmark": {"dataset": "golden", "metric": "accuracy"},
                    "objective": {"atLeast": "92%"},
                }
            ],
            **spec,
        },
    }


def serving(tag: str) -> Document:
    """How the version with this image tag is served."""
    container = {"name": "model", "image": f"example.com/fraud:{tag}"}
    return {"port": 8080, "template": {"spec": {"containers": [container]}}}


async def make_golden(kube: Kube, namespace: str) -> Document:
    """Create the data set."""
    metadata = {"name": "golden", "namespace": namespace}
    return await kube.create(CONFIG_MAP, {"metadata": metadata, "data": {"rows.jsonl": ROWS}})


async def make_deployment(
    kube: Kube, namespace: str, name: str = "fraud", **spec: object
) -> Document:
    """Create a ModelDeployment and its data set."""
    await make_golden(kube, namespace)
    return await kube.create(MODEL_DEPLOYMENT, deployment(namespace, name, **spec))
