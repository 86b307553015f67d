"""Headers of every public page, and what a request may weigh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_FORM: Final = "application/x-www-form-urlencoded"
_NOTHING_ELSE: Final = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "payment=(), usb=()"
)


class PublicHeaders:
    """Adds what Django's own middleware leaves out."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The response, to be found by no search engine."""
        response = self._get_response(request)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Permissions-Policy"] = _NOTHING_ELSE
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # Sent always: behind a proxy that speaks TLS the request itself looks like plain HTTP, and
        # a browser ignores it there (RFC 6797, section 8.1).
        response["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        return response


class SmallRequests:
    """Refuses a body that is no small form, before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The response; 413 or 415 to what none of our forms sends."""
        if request.method == "POST":
            length = request.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                return HttpResponse(status=413, content_type="text/plain")
            if request.content_type != _FORM:
                return HttpResponse(status=415, content_type="text/plain")
        return self._get_response(request)
