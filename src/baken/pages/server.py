"""The server of the public pages: gunicorn, one process with several threads."""

from __future__ import annotations

import os
from typing import Any, Final

from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import BaseApplication

_THREADS: Final = 8
_BOOT_FAILED: Final = 3  # gunicorn's own Arbiter.WORKER_BOOT_ERROR


def serve(*, address: str, port: int) -> None:
    """Serve the public pages on this address until a signal ends it (SIGTERM, SIGINT).

    One process: it is the one that counts who asks how much (`baken.pages.limits`). Django must
    have been set up.
    """
    application = get_wsgi_application()
    connections.close_all()  # a connection must not be shared with the process that is forked
    host = f"[{address}]" if ":" in address else address
    _Server(application, bind=f"{host}:{port}").run()


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn is not typed
    """Gunicorn, with settings of ours and none from files or the command line."""

    def __init__(self, application: Any, *, bind: str) -> None:
        self._application = application
        self._options = {
            "bind": bind,
            "workers": 1,
            "threads": _THREADS,
            "worker_class": "gthread",
            "preload_app": True,
            "timeout": 30,
            "graceful_timeout": 10,
            "keepalive": 5,
            "limit_request_line": 2_048,
            "limit_request_fields": 60,
            "limit_request_field_size": 4_096,
            "loglevel": "warning",
            "control_socket_disable": True,
            "worker_exit": _leave,
        }
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn asks for its settings."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Gunicorn asks for what it serves."""
        return self._application


def _leave(server: Any, worker: Any) -> None:
    """End the forked process without what its parent registered for its own end.

    Among that is the stopping of the embedded database, which the parent goes on using.
    """
    del server
    os._exit(0 if worker.booted else _BOOT_FAILED)
