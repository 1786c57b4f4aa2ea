"""How much of a rule its own tests hold fast: the SELECT is broken in every small way, and each break must be noticed."""
