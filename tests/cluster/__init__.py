"""The real Kubernetes that tests and the demo run on; README.md beside this file explains it."""
