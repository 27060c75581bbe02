"""The only code that knows Kopf, Kubernetes and clocks."""
