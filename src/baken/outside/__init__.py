"""The one client for requests that leave the house: pinned addresses, limits, deadlines.

Empty yet: nothing leaves the house but mail, which has a channel of its own.
"""
