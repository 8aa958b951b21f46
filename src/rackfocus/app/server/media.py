"""The media of a page: images, the video, and the rendered video."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from rackfocus.app.server.workspace import Workspace
from rackfocus.app.session.session import Session
from rackfocus.app.work.notices import error_text
from rackfocus.types import InputError

UNCHANGED = "private, max-age=3600"
CHANGING = "no-store"


def media_routes(workspace: Workspace) -> APIRouter:
    """The routes of a workspace's media; not `async`, so that they wait in threads, not in the event loop."""
    router = APIRouter()

    @router.get("/frame/{video:path}/{index}.jpg")
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

    @router.get("/result/{video:path}")
    def result(video: str, download: bool = False) -> Response:
        def file() -> Response:
            session = workspace.session(video)
            if not session.result.exists():
                raise InputError(f"{video} is not rendered yet.")
            return _file(session.result, download)

        return _told(file)

    @router.get("/source/{video:path}")
    def source(video: str) -> Response:
        return _told(lambda: _file(_there(workspace.session(video)), False))

    return router


def _there(session: Session) -> Path:
    session.check()
    return session.source


def _file(path: Path, download: bool) -> Response:
    kind = "attachment" if download else "inline"
    return FileResponse(path, filename=path.name, content_disposition_type=kind)


def _told(make: Callable[[], Response]) -> Response:
    """Return what `make` returns; an error becomes a response with its message."""
    try:
        return make()
    except Exception as error:
        status = 404 if isinstance(error, InputError) else 500
        return PlainTextResponse(error_text(error), status_code=status, headers={"cache-control": CHANGING})
