"""Who may talk to the server, and what it serves."""

import asyncio

import pytest

from rackfocus.app.server.auth import BODY_BYTES, COOKIE, LOCAL, AuthMiddleware, needs_token, new_token

TOKEN, PORT = "abc-DEF", 8080


async def served(scope, receive, send):
    taken = b""
    if scope["type"] == "http":
        while (message := await receive())["type"] == "http.request":
            taken += message.get("body", b"")
            if not message.get("more_body"):
                break
        else:
            taken = b"cut"
    await send({"type": "served", "body": taken})


def ask(path="/", *, token=None, hosts=LOCAL, kind="http", query=b"", bodies=(b"",), **headers):
    """The messages that come back."""
    headers = {"host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": kind, "path": path, "raw_path": path.encode(), "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    waiting[-1]["more_body"] = False
    sent = []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(AuthMiddleware(served, token=token, port=PORT, hosts=hosts)(scope, receive, send))
    return sent


def test_this_machine_is_served():
    for host in ("127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "LOCALHOST:1"):
        assert ask(host=host)[0]["type"] == "served"
    assert ask(origin="http://127.0.0.1:8080")[0]["type"] == "served"
    assert not needs_token("127.0.0.1")
    assert needs_token("0.0.0.0")
    assert new_token() != new_token()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", "", "192.168.0.4", "[::1"])
def test_another_name_for_this_machine_is_not(host):
    refused, page = ask(host=host)
    assert refused["status"] == 400
    assert b"address that it printed" in page["body"]


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9090", "null"])
def test_pages_of_other_sites_are_refused(origin):
    assert ask(origin=origin)[0]["status"] == 403
    assert ask(origin=origin, kind="websocket")[0]["type"] == "websocket.close"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["navigate", "no-cors"])
@pytest.mark.parametrize("path", ["/", "/video/walk.mp4", "/frame/walk.mp4/0.jpg"])
def test_other_sites_are_refused_also_where_they_send_no_origin(site, mode, path):
    refused, page = ask(path, sec_fetch_site=site, sec_fetch_mode=mode)
    assert refused["status"] == 403
    assert b"address bar" in page["body"]


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_pages_of_this_server_and_the_address_bar_are_not(site):
    assert ask(sec_fetch_site=site)[0]["type"] == "served"


def test_no_page_shows_this_one_in_a_frame():
    for refused in (ask(host="evil.example"), ask(token=TOKEN, hosts=None)):
        assert (b"content-security-policy", b"frame-ancestors 'none'") in refused[0]["headers"]


def test_a_token_is_asked_for_and_then_kept_in_a_cookie():
    everywhere = {"token": TOKEN, "hosts": None, "host": "box.lan:8080"}
    assert ask(**everywhere)[0]["status"] == 401
    refused, page = ask(query=b"token=abc-DEg", **everywhere)
    assert refused["status"] == 401
    assert b"wrong" in page["body"]
    moved = ask("//evil.example/a%20b", query=b"x=1&token=abc-DEF", **everywhere)[0]
    headers = dict(moved["headers"])
    assert moved["status"] == 303
    assert headers[b"location"] == b"/evil.example/a%20b?x=1"
    cookie = COOKIE.format(port=PORT)
    assert cookie == "rackfocus_token_8080"
    assert headers[b"set-cookie"].startswith(f"{cookie}={TOKEN}; HttpOnly; SameSite=Strict".encode())
    assert ask(cookie=f"a=b; {cookie}={TOKEN}", **everywhere)[0]["type"] == "served"
    assert ask(cookie=f"rackfocus_token_8081={TOKEN}", **everywhere)[0]["status"] == 401
    assert ask(cookie=f"{cookie}=wrong", **everywhere)[0]["status"] == 401
    assert ask(cookie=f"{cookie}=wröng", **everywhere)[0]["status"] == 401
    assert ask(kind="websocket", **everywhere)[0]["type"] == "websocket.close"
    assert ask(kind="websocket", cookie=f"{cookie}={TOKEN}", **everywhere)[0]["type"] == "served"


def test_a_body_is_bounded_whether_it_tells_its_size_or_not():
    assert ask(content_length=str(BODY_BYTES + 1))[0]["status"] == 413
    assert ask(bodies=(b"12", b"34"))[0]["body"] == b"1234"
    assert ask(bodies=(bytes(BODY_BYTES), b"1"))[0]["body"] == b"cut"
