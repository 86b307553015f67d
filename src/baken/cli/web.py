"""``baken web``: the public pages, where a recipient checks a message."""

from __future__ import annotations

from baken.cli.output import say
from baken.cli.session import begin
from baken.core.errors import SettingsError


def web() -> None:
    """Serve the public pages, where a recipient checks whether a message is ours, until stopped.

    It waits at BAKEN_PUBLIC_LISTEN for a reverse proxy that speaks TLS with the world as
    BAKEN_PUBLIC_URL; docs/howto/run-the-public-pages.md says how.
    """
    settings = begin()
    if not settings.public.url:
        raise SettingsError(
            "BAKEN_PUBLIC_URL is not set, so nobody can find the pages.",
            remedy="Set it to the https address at which your reverse proxy answers.",
        )
    from baken.pages.server import serve

    address, port = settings.public.listen
    say(f"Serving {settings.public.url} at {address} port {port}; stop it with Ctrl-C.")
    serve(address=address, port=port)
