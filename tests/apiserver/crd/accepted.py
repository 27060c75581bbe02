"""Objects that the API server takes: the least, the ordinary and the largest of each kind."""

import yaml

from tests.apiserver.crd.constraints import definitions, schema_of
from tests.apiserver.crd.largest import largest
from tests.apiserver.crd.least import LEAST
from tests.apiserver.crd.paths import Document
from tests.apiserver.crd.protocols import speaking

_MEASURED = """
  load: {rate: 20/s, arrivals: poisson, concurrency: 1, for: 2m, warmUp: 10s}
  jobs:
  - name: locust
    image: registry.example/locust:1
    command: [python, /job/measure.py]
    args: ["--users=10"]
    env:
    - {name: REGION, value: eu}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: judge, key: token}}}
    runAsUser: 1000
    upTo: 5m
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
  - name: recall
    benchmark: {dataset: labelled, metric: recall, positiveLabel: fraud, worstSliceOf: region,
                minRows: 50}
    objective: {atLeast: 85%}
    effect: report
  - name: f1
    benchmark: {dataset: labelled, metric: f1, average: macro}
    objective: {atLeast: 80%}
    effect: report
  - name: auroc
    benchmark: {dataset: labelled, metric: auroc, positiveLabel: fraud, prediction: score}
    objective: {atLeast: 95%}
    effect: report
  - name: mae
    benchmark: {dataset: labelled, metric: mae}
    objective: {atMost: "2.5"}
    effect: report
  - name: valid
    benchmark: {dataset: labelled, metric: jsonSchema, schema: {type: object, required: [a]},
                worstSliceOf: r, minRows: 1}
    objective: {atLeast: 99%}
    effect: report
  - {name: exam, job: {name: locust, measures: rightRows}, objective: {atLeast: 92%}}
  - name: slow
    job: {name: locust, measures: badRequests}
    objective: {atMost: 5%, expected: 2%}
  - {name: perplexity, job: {name: locust, measures: value}, objective: {atMost: "12.5"}}
  - name: live-errors
    prometheus: {bad: 'requests_total{code=~"5.."}', total: requests_total}
    objective: {atMost: 2%, expected: 1%}
    effect: report
  - name: live-errors-vs-stable
    prometheus: {bad: 'requests_total{code=~"5.."}', total: requests_total}
    objective: {versus: stable, worseByAtMost: 50%}
    effect: report
  - name: latency-vs-stable
    benchmark: {metric: latency, quantile: p95, baseline: copy}
    objective: {versus: stable, worseByAtMost: 10%}
  - name: live-latency
    prometheus: {latency: request_duration_seconds_bucket, quantile: p95}
    objective: {atMost: 250ms, expected: 100ms}
    effect: report
  - name: queue
    prometheus: {query: 'sum(queue_length{pod=~"$pods"})'}
    objective: {atMost: "100"}
    effect: report
"""
"""What both kinds say of how they measure, and what."""
_FETCHED = """
  - name: large
    persistentVolumeClaim: {claimName: data, path: fraud/rows.parquet}
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    columns: {id: row, inputs: "{amount: amount}", expected: label}
  - name: remote
    uri: s3://golden/fraud/rows.csv
    format: csv
    sizeLimit: 20Gi
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""
"""Data sets that only a benchmark pod reads."""
_POD = """
    labels: {team: risk}
    annotations: {example.com/note: "yes"}
    resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1}}
    env:
    - {name: AWS_REGION, value: eu-central-1}
    - {name: AWS_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: s3-reader, key: id}}}
    imagePullSecrets: [{name: pull}]
    tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
"""

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
  - {name: labelled, configMap: {name: fraud-golden, key: labelled.jsonl}}
"""
    + _FETCHED
    + _MEASURED
    + """  rollout:
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
"""
    + _POD,
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
  - name: labelled
    configMap: {name: fraud-golden, key: labelled.jsonl}
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""
    + _FETCHED
    + _MEASURED
    + """  live:
    step: 1
    steps: 2
    for: 10m
    passedByHand: [live-errors]
    earlier: [{step: 0, kpis: [{name: live-errors, counts: [20, 4, 3000, 6]}]}]
  judgement: {falsePromotion: "0.05", falseRollback: "0.016666666666"}
  pod:
"""
    + _POD,
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
        **speaking(_document(kind, "a", LEAST[kind])),
    }
    for kind, definition in definitions().items()
}
"""By kind and description."""
