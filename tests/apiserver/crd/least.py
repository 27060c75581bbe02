"""The least object of each kind that the API server takes; see accepted."""

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
  datasets:
  - name: d
    configMap: {name: c, key: k}
    columns: {id: i, inputs: j, expected: e}
    prediction: p
  benchmarkPod: {env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
  jobs: [{name: j, image: i, runAsUser: 1}]
  kpis:
  - name: a
    benchmark: {metric: accuracy, dataset: d, prediction: p, worstSliceOf: s, minRows: 1}
    objective: {atLeast: 100%}
  - {name: b, prometheus: {query: "1"}, objective: {atMost: "1"}, effect: report}
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
    columns: {id: i, inputs: j, expected: e}
    prediction: p
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  jobs: [{name: j, image: i, runAsUser: 1}]
  kpis:
  - name: a
    benchmark: {metric: accuracy, dataset: d, prediction: p, baseline: serving}
    objective: {versus: stable, worseByAtMost: 0pp}
  - {name: b, prometheus: {query: "1"}, objective: {atMost: "1"}, effect: report}
  judgement: {falsePromotion: "0.1", falseRollback: "0.1"}
  live: {step: 0, steps: 1, for: 0s, earlier: [{step: 0, kpis: [{name: a, counts: [0]}]}]}
  pod: {env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
status:
  kpis:
  - {name: a, verdict: Pass, samples: 0, effectiveSamples: 0, evidence: [0], repeats: [0, 0, 0]}
""",
}
