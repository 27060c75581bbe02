"""The generated CRDs on a real API server: every constraint, accepted and refused."""
