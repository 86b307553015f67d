"""WHOM TO ASK when nobody is registered: what the lookups found, ranked, with its trace."""
