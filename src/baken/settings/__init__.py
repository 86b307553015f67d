"""The settings (`environment`), those of this process, Django's, the log, the embedded database."""
