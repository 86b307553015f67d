"""The work that runs by itself or at a command: thin tasks that choose adapters and call a service.

`ingestion` takes reports in, `sending` plans and hands over, `retention` keeps the store to its
days, `rounds` does all of it once.
"""
