"""Runs the web server, with media, pages and authentication."""

import socket
from collections.abc import Callable

from rackfocus.app.server.auth import LOCAL, AuthMiddleware, needs_token, new_token
from rackfocus.app.server.workspace import Workspace
from rackfocus.types import InputError

ANY = ("0.0.0.0", "::")
"""The addresses that stand for all network interfaces of this machine."""


def serve(
    workspace: Workspace, *, host: str = "127.0.0.1", port: int = 8080, ready: Callable[[str], None]
) -> None:
    """Serve a workspace until interrupted.

    Args:
        workspace: the opened folder or video.
        host: the address to listen at; if other machines can reach it, a token is required.
        port: the port; 0: any free one.
        ready: called with the address to open, as soon as it accepts connections.

    Raises:
        InputError: the packages of the page are not installed, or the address cannot be used.
    """
    try:
        import uvicorn
        from fastapi import FastAPI

        from rackfocus.app.page.pages import mount
        from rackfocus.app.server.media import media_routes
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is missing, which the page needs; install it with pip install 'rackfocus[app]'."
        ) from error
    token = new_token() if needs_token(host) else None
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(media_routes(workspace))
    mount(app, workspace)
    safe = AuthMiddleware(app, token=token, port=port, hosts=LOCAL if token is None else None)
    server = uvicorn.Server(uvicorn.Config(safe, log_level="warning", timeout_graceful_shutdown=2))
    shown = socket.gethostname() if host in ANY else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    # The socket listens already: connections made before the server runs wait.
    ready(address if token is None else f"{address}?token={token}")
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that no other program can take it before the server runs."""
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError) as error:
        raise InputError(f"host={host} is no address of this machine.") from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen()
    except OSError as error:
        listening.close()
        raise InputError(
            f"Port {port} of {host} cannot be had ({error.strerror}); choose another with port=."
        ) from error
    return listening
