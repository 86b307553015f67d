"""Lookups by WHOIS (RFC 3912): texts for people, of another form at each registry."""
