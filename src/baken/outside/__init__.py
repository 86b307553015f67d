"""Requests that leave the house, with limits and deadlines: so far, `dns`."""
