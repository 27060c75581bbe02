"""The judge, measured: requests to a verdict and errors, beside what others do."""
