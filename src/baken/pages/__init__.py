"""The public pages: check a message by its code, and answer it; no login, no script, no cookie."""
