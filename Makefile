# Every target works from a clean clone: what it needs, it installs or builds first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
CLUSTER ?= modelward
PYTHON ?= python3
OVERLAY ?= manifests/overlays/cluster-wide
VENV := .venv
PY := PYTHONPATH=operator:. $(VENV)/bin/python
export PYTHONUNBUFFERED := 1
# A cluster that somebody else made is used when make itself is told so. One that merely stands in
# the environment may be anybody's, and tests install things.
ifeq ($(origin KUBECONFIG),command line)
export MODELWARD_PROVIDER := kubeconfig
export MODELWARD_IMAGE := $(IMAGE)
export MODELWARD_REGISTRY := $(REGISTRY)
endif

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(VENV)/.locked: requirements/dev.txt
	@echo "Installing the locked Python packages into $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.locked ## a real cluster, a good version promoted, a bad one rolled back
	$(PY) -m examples.demo --cluster $(CLUSTER)

# One suite after the other, and the first that fails ends it, also below a make that was given -j.
.NOTPARALLEL:
test: lint test-unit test-servers test-delivery test-apiserver test-e2e ## everything; brings its cluster up and takes it down

test-unit: $(VENV)/.locked ## decisions, properties, the runner against real HTTP servers; minutes
	$(VENV)/bin/python -m pytest tests/unit -n auto --maxprocesses 8 --dist worksteal

test-servers: $(VENV)/.locked ## the protocols against MLServer, KServe, llama.cpp and FastAPI; a minute
	$(VENV)/bin/python -m pytest tests/servers

test-delivery: $(VENV)/.locked ## what Argo CD, Flux, Helm and GitHub make of what is delivered
	$(VENV)/bin/python -m pytest tests/delivery

test-mutants: $(VENV)/.locked ## break each rule in a copy, see that a unit test notices; minutes
	$(PY) -m tests.mutants

test-apiserver: $(VENV)/.locked ## CRDs and writes against a real kube-apiserver
	$(VENV)/bin/python -m pytest tests/apiserver -m "not disturbance" -n auto --maxprocesses 4 --dist loadfile

test-e2e: $(VENV)/.locked ## stories on a whole node
	$(VENV)/bin/python -m pytest $(or $(STORIES),tests/e2e) -m "not disturbance"

test-disturbances: $(VENV)/.locked ## the long stories: kills after every write, forgeries, failures
	$(VENV)/bin/python -m pytest $(or $(STORIES),tests/apiserver tests/e2e) -m disturbance

lint: $(VENV)/.locked ## ruff, mypy, import contracts, lengths, generated files
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --no-error-summary operator tests examples benchmarks tools
	PYTHONPATH=operator $(VENV)/bin/lint-imports --no-logo
	$(PY) -m tests.lint.lengths
	$(PY) -m tests.lint.generated
	$(PY) -m tools.changelog > /dev/null

format: $(VENV)/.locked ## put the code into its form
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

generate: $(VENV)/.locked ## CRDs, result schema and reference from the code
	$(PY) -m tests.lint.generated --write

lock: $(VENV)/.locked ## pin the dependencies anew
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) --extra datasets -o requirements/operator.txt pyproject.toml
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o requirements/build.txt requirements/build.in
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o requirements/dev.txt requirements/dev.in
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o requirements/s3.txt requirements/s3.in
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o examples/demo/image/requirements.txt \
		examples/demo/image/requirements.in
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o benchmarks/runner/peers/requirements.txt \
		benchmarks/runner/peers/requirements.in
	for server in kserve openai fastapi; do $(VENV)/bin/pip-compile $(LOCK_FLAGS) \
		-o tests/servers/requirements/$$server.txt tests/servers/requirements/$$server.in; done
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o examples/job/requirements.txt examples/job/requirements.in
LOCK_FLAGS := --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --strip-extras --allow-unsafe

bench: $(VENV)/.locked ## reaction, requests, memory, CPU and many releases at once; a quarter of an hour
	$(PY) -m benchmarks

bench-judge: $(VENV)/.locked ## errors and requests to a verdict, beside other rules; minutes, FULL=1 for all
	$(PY) -m benchmarks.judging

bench-runner: $(VENV)/.locked ## the load generator's rate, truth and memory, beside Locust, wrk, autocannon
	$(PY) -m benchmarks.runner $(PARTS)

bench-rows: $(VENV)/.locked ## a million rows: memory, rows read, and errors of the early end; minutes
	$(PY) -m benchmarks.million

bench-streaming: $(VENV)/.locked ## times of tokens, against a server with a known schedule
	$(PY) -m benchmarks.runner.streaming

bench-looks: $(VENV)/.locked ## what a million looks cost
	$(PY) -m benchmarks.looks

picture: $(VENV)/.locked ## draw docs/unfolding.svg anew: a verdict unfolding
	$(PY) -m benchmarks.unfolding > docs/unfolding.svg

bench-decisions: $(VENV)/.locked ## how long a decision takes, against parsing
	$(PY) -m benchmarks.decisions

release-check: $(VENV)/.locked ## build wheel and image twice, differently, and compare them
	$(PY) -m tools.reproduce

sbom: $(VENV)/.locked ## list what is in the image, with licences: dist/modelward.cdx.json
	$(PY) -m tools.sbom

image: ## build modelward:dev with docker or buildah
	$(PYTHON) -m tests.cluster build-image . --tag modelward:dev

cluster-up: ## a real Kubernetes on this machine; the last line is the kubeconfig's path
	@$(PYTHON) -m tests.cluster up --name $(CLUSTER)

cluster-down: ## take it down: processes, mounts, namespaces
	@$(PYTHON) -m tests.cluster down --name $(CLUSTER)

deploy: ## install the operator into the cluster, or into any: KUBECONFIG=FILE and REGISTRY= or IMAGE=
	$(PYTHON) -m tests.cluster deploy --name $(CLUSTER) --overlay $(OVERLAY)

undeploy: ## remove the operator, its CRDs and with them every ModelDeployment
	$(PYTHON) -m tests.cluster undeploy --name $(CLUSTER) --overlay $(OVERLAY)

.PHONY: help demo test test-unit test-servers test-delivery test-mutants test-apiserver test-e2e test-disturbances lint format \
	generate lock release-check sbom image \
	bench bench-judge bench-runner bench-rows bench-streaming bench-looks picture bench-decisions cluster-up cluster-down deploy undeploy
