"""Authentication: requests from this machine or with the token are served, those of other sites are refused.

A browser sends requests on behalf of every page that it shows. Therefore the `Host` header has to be a name
of this server, which prevents DNS rebinding; and the `Origin` header, if there is one, has to be this
server, also for web sockets, which browsers do not restrict to the same origin. Requests that have no
`Origin`, such as those of images and frames, are refused if `Sec-Fetch-Site` (W3C Fetch Metadata) tells that
a page of another site made them. No page may show one of this server in a frame (`frame-ancestors`).
"""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "rackfocus_token_{port}"
"""The name of the cookie, by the port of the server: browsers send a cookie to all ports of a host."""
OTHER_SITES = frozenset({"cross-site", "same-site"})
"""What `Sec-Fetch-Site` is for pages that this server has not sent; those of other ports are `same-site`."""
NO_FRAMES = (b"content-security-policy", b"frame-ancestors 'none'")
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
BODY_BYTES = 16 * 2**20
"""The largest body of a request, in bytes; annotations are far smaller."""


def needs_token(host: str) -> bool:
    """Whether an address can be reached from other machines."""
    return host not in LOCAL


def new_token() -> str:
    """A random token, from a cryptographic generator."""
    return secrets.token_urlsafe(24)


class AuthMiddleware:
    """Middleware that checks every request.

    Args:
        app: the application that is served.
        token: required once as `?token=`, then kept in a cookie; `None`: no token is required.
        port: that the server listens at.
        hosts: the accepted host names of this server; `None`: any name, if a token is required.
    """

    def __init__(
        self, app: Application, *, token: str | None, port: int, hosts: frozenset[str] | None
    ) -> None:
        self._app, self._token, self._hosts = app, token, hosts
        self._cookie = COOKIE.format(port=port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        send = _unframed(send)
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            await _refuse(
                scope, send, 400, "This server does not go by that name; use the address that it printed."
            )
            return
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            await _refuse(scope, send, 403, "Pages of other sites may not use this server.")
            return
        if headers.get("sec-fetch-site") in OTHER_SITES:
            await _refuse(
                scope, send, 403, "Pages of other sites may not open this one; open it from the address bar."
            )
            return
        if self._token is not None and not self._knows(headers):
            await self._introduce(scope, send)
            return
        if int(headers.get("content-length") or 0) > BODY_BYTES:
            await _refuse(
                scope, send, 413, f"That is more than the {BODY_BYTES // 2**20} MB that may be sent."
            )
            return
        await self._app(scope, _bounded(receive), send)

    def _knows(self, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, told: str) -> bool:
        # Comparison in constant time: its duration does not reveal how much of a wrong token is correct.
        return secrets.compare_digest(told.encode(), (self._token or "").encode())

    async def _introduce(self, scope: Scope, send: Send) -> None:
        """Move the token from the address to a cookie, and redirect to the address without it."""
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        told = dict(query).get("token")
        if scope["type"] == "websocket" or told is None or not self._is_token(told):
            wrong = "That token is wrong" if told is not None else "This server wants a token"
            await _refuse(scope, send, 401, f"{wrong}; open the address that `rackfocus annotate` printed.")
            return
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        # A single leading slash: a path that begins with // would redirect to another server.
        place = "/" + path.lstrip("/\\") + (f"?{rest}" if rest else "")
        cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        headers = [(b"location", place.encode("latin-1")), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _name(host: str) -> str:
    """The host without its port; empty if it is invalid."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _unframed(send: Send) -> Send:
    """Forbid browsers to show a response in a frame."""

    async def unframed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), NO_FRAMES]}
        await send(message)

    return unframed


def _bounded(receive: Receive) -> Receive:
    """Limit the size of a body that was sent without `Content-Length`."""
    taken = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES:
                return {"type": "http.disconnect"}
        return message

    return bounded


async def _refuse(scope: Scope, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": sentence[:120]})
        return
    style = "font: 1.2em sans-serif; margin: 3em"
    page = f"<!doctype html><meta charset=utf-8><title>rackfocus</title><body style='{style}'>{sentence}"
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", b"text/html; charset=utf-8")]})  # fmt: skip
    await send({"type": "http.response.body", "body": page.encode()})
