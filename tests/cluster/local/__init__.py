"""The bare local node: a Kubernetes without Docker, in namespaces of its own."""
