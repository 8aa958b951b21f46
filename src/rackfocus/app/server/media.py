"""The media of a page: images, the video, and the rendered video."""

import os
from collections.abc import Callable
from typing import BinaryIO

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from rackfocus.app.server.workspace import Workspace
from rackfocus.app.work.notices import error_text
from rackfocus.types import InputError

UNCHANGED = "private, max-age=3600"
CHANGING = "no-store"
READ = ["GET", "HEAD"]


def media_routes(workspace: Workspace) -> APIRouter:
    """The routes of a workspace's media; not `async`, so that they wait in threads, not in the event loop."""
    router = APIRouter()

    @router.api_route("/frame/{video:path}/{index}.jpg", methods=READ)
    def frame(
        video: str,
        index: int,
        view: str = "refocused",
        rev: str | None = None,
    ) -> Response:
        def picture() -> Response:
            session = workspace.session(video)
            data = session.frame_jpeg(index, view)
            stays = rev is not None and rev == session.picture_rev(index, view)
            return Response(
                data, media_type="image/jpeg", headers={"cache-control": UNCHANGED if stays else CHANGING}
            )

        return _told(picture)

    @router.api_route("/thumbnail/{video:path}.jpg", methods=READ)
    def thumbnail(video: str) -> Response:
        return _told(
            lambda: Response(
                workspace.thumbnail(video), media_type="image/jpeg", headers={"cache-control": UNCHANGED}
            )
        )

    @router.api_route("/result/{video:path}", methods=READ)
    def result(video: str, download: bool = False) -> Response:
        def file() -> Response:
            session = workspace.session(video)
            return OpenFile(session.open_result(), session.result.name, download=download)

        return _told(file)

    @router.api_route("/source/{video:path}", methods=READ)
    def source(video: str) -> Response:
        def file() -> Response:
            session = workspace.session(video)
            return OpenFile(session.open_source(), session.source.name, download=False)

        return _told(file)

    return router


class OpenFile(FileResponse):
    """The response of an open file, which it closes; so no link can come between a check and the opening."""

    def __init__(self, file: BinaryIO, name: str, *, download: bool) -> None:
        super().__init__(
            f"/dev/fd/{file.fileno()}",
            filename=name,
            stat_result=os.fstat(file.fileno()),
            content_disposition_type="attachment" if download else "inline",
        )
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _told(make: Callable[[], Response]) -> Response:
    """Return what `make` returns; an error becomes a response with its message."""
    try:
        return make()
    except Exception as error:
        status = 404 if isinstance(error, InputError) else 500
        return PlainTextResponse(error_text(error), status_code=status, headers={"cache-control": CHANGING})
