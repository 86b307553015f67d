"""RDAP (RFC 9082, 9083): who registered a domain, an address or an AS number, and their contacts.

One lookup each in `domain`, `address` and `as_number`. The registry that answers is found by
IANA's bootstrap files, which are given.
"""
