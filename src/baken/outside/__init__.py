"""The one client for requests that leave the house, with limits and deadlines: so far, `dns`."""
