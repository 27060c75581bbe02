"""The demo: a good model version is promoted, a bad one rolled back, while clients call on."""
