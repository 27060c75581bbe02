"""How fast, how truthful and how small the load generator is, beside other tools."""
