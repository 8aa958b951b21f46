"""Who may talk to the server: this machine, or who knows the token; and no page of another site.

A browser sends requests for any page that it shows. So a request has to name a host that this server is
known by (else a name that is bound anew to this address would do: DNS rebinding), and where it says which
page sends it, that has to be one of this server (for web sockets, too, which browsers let go anywhere).
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

COOKIE = "rackfocus_token"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
BODY_BYTES = 16 * 2**20
"""The largest body of a request: annotations are far smaller."""


def needs_token(host: str) -> bool:
    """Whether an address can be reached from other machines."""
    return host not in LOCAL


def new_token() -> str:
    """What nobody guesses."""
    return secrets.token_urlsafe(24)


class AuthMiddleware:
    """Middleware around everything that is served.

    Args:
        app: what is served.
        token: to be shown once as `?token=`, then kept by the browser; none asks for none.
        hosts: the names that this server is known by; none takes any, since a token tells who is who.
    """

    def __init__(self, app: Application, *, token: str | None, hosts: frozenset[str] | None) -> None:
        self._app, self._token, self._hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
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
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, told: str) -> bool:
        # As long for a wrong one as for one that is nearly right.
        return secrets.compare_digest(told.encode(), (self._token or "").encode())

    async def _introduce(self, scope: Scope, send: Send) -> None:
        """Take the token of the address and keep it in a cookie, where it does not show."""
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        told = dict(query).get("token")
        if scope["type"] == "websocket" or told is None or not self._is_token(told):
            wrong = "That token is wrong" if told is not None else "This server wants a token"
            await _refuse(scope, send, 401, f"{wrong}; open the address that `rackfocus annotate` printed.")
            return
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        # No other server, whatever the path begins with.
        place = "/" + path.lstrip("/\\") + (f"?{rest}" if rest else "")
        cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        headers = [(b"location", place.encode("latin-1")), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _name(host: str) -> str:
    """The host without its port; nothing where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _bounded(receive: Receive) -> Receive:
    """Stops a body that does not say how long it is."""
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
