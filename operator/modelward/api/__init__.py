"""The resources as frozen Pydantic models; the CRDs in crds/ are generated from them."""
