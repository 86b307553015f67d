"""What each lookup is tried with: one module a lookup, named after its key."""
