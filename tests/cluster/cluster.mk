# The cluster that tests and the demo run on; included by the Makefile.
CLUSTER ?= modelward
CLUSTER_PYTHON ?= python3

.PHONY: cluster-up cluster-down

cluster-up: ## Bring a real Kubernetes up (CLUSTER=name); the last line is its kubeconfig
	@$(CLUSTER_PYTHON) -m tests.cluster up --name $(CLUSTER)

cluster-down: ## Remove all of that Kubernetes
	@$(CLUSTER_PYTHON) -m tests.cluster down --name $(CLUSTER)
