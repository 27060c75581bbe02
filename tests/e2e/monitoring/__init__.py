"""A real Prometheus in the cluster, for the stories that need one."""
