"""Makes wrong (and some right) files out of a valid vault, to compare two verifiers on them."""
