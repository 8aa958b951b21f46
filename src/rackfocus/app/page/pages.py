"""The pages of `rackfocus annotate`: the queue of a folder, and the editor of a video."""

import asyncio
import warnings
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from nicegui import app as nicegui_app
from nicegui import ui

from rackfocus.app.page.editor import Editor
from rackfocus.app.page.head import Head, Theme, dark_button
from rackfocus.app.page.messages import Messages
from rackfocus.app.page.queue_view import QueueView
from rackfocus.app.page.waiting import WaitingPages
from rackfocus.app.server.workspace import Workspace
from rackfocus.app.session.session import Session
from rackfocus.app.work.notices import error_text

STYLE = Path(__file__).with_name("page.css")


def mount(app: FastAPI, workspace: Workspace) -> None:
    """Serve the pages of a workspace; routes that the app already has take precedence."""
    theme, waiting = Theme(), WaitingPages()

    @ui.page("/")
    async def start() -> None:
        waiting.add(ui.context.client)
        if workspace.is_folder:
            queue_page(workspace, theme)
        else:
            await video_page(workspace, workspace.videos[0], theme)

    @ui.page("/video/{name:path}")
    async def video(name: str) -> None:
        waiting.add(ui.context.client)
        await video_page(workspace, name, theme)

    # Instead of a page of NiceGUI's, which would stay in memory.
    @nicegui_app.exception_handler(404)
    def nothing(_: Request, __: Exception) -> Response:
        return PlainTextResponse("There is nothing at this address.", status_code=404)

    # NiceGUI searches all objects in memory for its server; some of torch's emit a warning when inspected.
    warnings.filterwarnings("ignore", message=".*reduce_op", category=FutureWarning)
    ui.run_with(
        app, title="rackfocus", favicon="🎬", dark=None, tailwind=False, show_welcome_message=False,
        reconnect_timeout=60.0,
    )  # fmt: skip
    # FastAPI does not answer HEAD where it answers GET.
    for route in nicegui_app.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods = {"GET", "HEAD"}


def queue_page(workspace: Workspace, theme: Theme) -> None:
    """The page with all videos of a folder."""
    ui.add_css(STYLE)
    with ui.element("main").classes("rf-page rf-alone"):
        with ui.element("header").classes("rf-head"):
            ui.label("rackfocus").classes("rf-brand")
            ui.label(workspace.root.name).classes("rf-name")
            ui.element("div").classes("rf-grow")
            dark_button(theme)
        with ui.element("div").classes("rf-view"):
            messages = Messages()
            with ui.element("div").classes("rf-queue"):
                QueueView(workspace, messages)


async def video_page(workspace: Workspace, name: str, theme: Theme) -> None:
    """The editor of one video, or the reason why it cannot be opened."""
    ui.add_css(STYLE)
    with ui.element("main").classes("rf-page") as page, ui.element("div").classes("rf-opening") as opening:
        words = ui.label(f"Opening {name} …")
    await ui.context.client.connected()
    if page.is_deleted:
        # No browser has connected.
        return
    try:
        session = await asyncio.to_thread(workspace.opened, name)
    except Exception as error:
        words.text = error_text(error)
        opening.props('role="alert"')
        if workspace.is_folder:
            with opening:
                ui.link("Back to the videos", "/").classes("rf-link")
        return
    if page.is_deleted:
        # The browser has closed the page.
        return
    opening.delete()
    with page:
        build(workspace, session, theme)


def build(workspace: Workspace, session: Session, theme: Theme) -> None:
    """Build the editor's page."""
    head = ui.element("header").classes("rf-head")
    queue = ui.element("nav").classes("rf-queue") if workspace.is_folder else None
    with ui.element("section").classes("rf-view"):
        messages = Messages()
        editor = Editor(session, messages)
    with head:
        editor.head = Head(
            session,
            messages,
            theme,
            home="/" if workspace.is_folder else None,
            do=editor.do,
            look_at=editor.look_at,
        )
    with ui.element("section").classes("rf-below"):
        editor.build_timeline()
    with ui.element("aside").classes("rf-panel"):
        editor.build_panel()
    if queue is not None:
        with queue:
            QueueView(workspace, messages, session.name)
