"""Objects that the API server takes: the least, the ordinary and the largest of each kind."""

import yaml

from tests.apiserver.crd.constraints import definitions, schema_of
from tests.apiserver.crd.largest import largest
from tests.apiserver.crd.paths import Document

ORDINARY = {
    "ModelDeployment": """
spec:
  model: {name: fraud, version: "2026-11-20"}
  serving:
    protocol: v2
    port: 8080
    template:
      metadata: {labels: {team: risk}}
      spec: {containers: [{name: server, image: registry.example/fraud}]}
  datasets:
  - {name: golden, configMap: {name: fraud-golden, key: rows.jsonl}}
  - {name: traffic, configMap: {name: fraud-golden, key: traffic.jsonl}, rows: sample}
  load: {rate: 20/s, for: 2m, warmUp: 10s}
  kpis:
  - {name: accuracy, benchmark: {dataset: golden, metric: accuracy}, objective: {atLeast: 92%}}
  - name: latency
    benchmark: {metric: latency, quantile: p95}
    objective: {atMost: 250ms, expected: 150ms}
  - name: errors
    benchmark: {metric: errorRate}
    objective: {atMost: 2%, expected: 0.5%}
    effect: report
  - name: accuracy-vs-stable
    benchmark: {dataset: golden, metric: accuracy}
    objective: {versus: stable, worseByAtMost: 1pp}
  - name: errors-vs-stable
    benchmark: {metric: errorRate}
    objective: {versus: stable, worseByAtMost: 0.5pp}
  - name: latency-vs-stable
    benchmark: {metric: latency, quantile: p95, baseline: copy}
    objective: {versus: stable, worseByAtMost: 10%}
  rollout:
    steps:
    - benchmark: {upTo: 20m}
    - {weight: 1, for: 10m, upTo: 1h}
    - pause: {}
    - {weight: 10, for: 10m}
    - {weight: 50, for: 10m, upTo: 10m}
    maxSurge: 1
    maxUnavailable: 25%
    drainDelay: 2s
    progressDeadline: 15m
  judgement: {falsePromotion: 1%, falseRollback: 1%}
  benchmarkPod:
    labels: {team: risk}
    annotations: {example.com/note: "yes"}
    resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1}}
    imagePullSecrets: [{name: pull}]
    tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
""",
    "BenchmarkRun": """
spec:
  modelDeployment: fraud
  continues: fraud-x7f9k2m4q1-1
  subject: {revision: x7f9k2m4q1, service: fraud-x7f9k2m4q1, port: 8080, protocol: v2,
            modelName: fraud}
  baseline: {revision: z2k8m5q7w9, service: fraud-x7f9k2m4q1-2-base, port: 8080, protocol: v2,
             modelName: fraud, closed: true}
  datasets:
  - name: golden
    configMap: {name: fraud-golden, key: rows.jsonl}
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  - name: traffic
    configMap: {name: fraud-golden, key: traffic.jsonl}
    rows: sample
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  load: {rate: 20/s, for: 2m, warmUp: 10s}
  kpis:
  - {name: accuracy, benchmark: {dataset: golden, metric: accuracy}, objective: {atLeast: 92%}}
  - name: latency
    benchmark: {metric: latency, quantile: p95}
    objective: {atMost: 250ms, expected: 150ms}
  - name: errors
    benchmark: {metric: errorRate}
    objective: {atMost: 2%, expected: 0.5%}
    effect: report
  - name: accuracy-vs-stable
    benchmark: {dataset: golden, metric: accuracy}
    objective: {versus: stable, worseByAtMost: 1pp}
  - name: errors-vs-stable
    benchmark: {metric: errorRate}
    objective: {versus: stable, worseByAtMost: 0.5pp}
  - name: latency-vs-stable
    benchmark: {metric: latency, quantile: p95, baseline: copy}
    objective: {versus: stable, worseByAtMost: 10%}
  judgement: {falsePromotion: "0.05", falseRollback: "0.016666666666"}
  pod:
    labels: {team: risk}
    annotations: {example.com/note: "yes"}
    resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1}}
    imagePullSecrets: [{name: pull}]
    tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
""",
}
LEAST = {
    "ModelDeployment": """
spec:
  replicas: 1
  model: {version: "1"}
  serving:
    protocol: http
    http: {path: /}
    port: 1
    template: {spec: {containers: [{name: s, image: i}]}}
  datasets: [{name: d, configMap: {name: c, key: k}, prediction: p}]
  kpis: [{name: a, benchmark: {metric: accuracy, dataset: d}, objective: {atLeast: 100%}}]
  rollout:
    steps: [{benchmark: {}}]
    minReadySeconds: 0
    revisionHistoryLimit: 0
    drainDelay: 0s
status:
  stable: {revision: x, weight: 0, actualWeight: 0, step: 0}
  candidate: {revision: x, weight: 0, actualWeight: 0, step: 0}
  kpis: [{name: a, subject: x, samples: 0, effectiveSamples: 0}]
  replicas: 0
""",
    "BenchmarkRun": """
spec:
  subject: {revision: x, service: s, port: 1, protocol: http, path: /, modelName: m}
  baseline: {revision: y, service: t, port: 1, protocol: http, path: /, modelName: m}
  datasets:
  - name: d
    configMap: {name: c, key: k}
    prediction: p
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  kpis:
  - name: a
    benchmark: {metric: accuracy, dataset: d, baseline: serving}
    objective: {versus: stable, worseByAtMost: 0pp}
  judgement: {falsePromotion: "0.1", falseRollback: "0.1"}
status:
  kpis: [{name: a, verdict: Pass, samples: 0, effectiveSamples: 0, evidence: [0]}]
""",
}


def _document(kind: str, name: str, text: str) -> Document:
    head = {"apiVersion": "modelward.dev/v1alpha1", "kind": kind, "metadata": {"name": name}}
    return {**head, **yaml.safe_load(text)}


def ordinary(kind: str) -> Document:
    """An object as people write it."""
    return _document(kind, "ordinary", ORDINARY[kind])


ACCEPTED: dict[str, dict[str, Document]] = {
    kind: {
        "the least": _document(kind, "a", LEAST[kind]),
        "the ordinary": ordinary(kind),
        "the largest": largest(kind, schema_of(definition)),
    }
    for kind, definition in definitions().items()
}
"""By kind and description."""
