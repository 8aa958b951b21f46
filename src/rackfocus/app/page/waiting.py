"""Bounds the pages in memory that no browser is connected to."""

from nicegui import Client

MOST = 16
"""The most pages that wait for their browser. Each takes about 2 MB, and browsers connect within a second."""


class WaitingPages:
    """The pages that were loaded and not connected yet, oldest first; there are never more than `MOST`.

    Scripts of a page connect it to the server. What loads a page without running them, such as a program or
    an image tag of another site, never does; NiceGUI deletes such pages when they are a minute old.
    """

    def __init__(self) -> None:
        self._pages: dict[str, Client] = {}

    def add(self, page: Client) -> None:
        """Add a page that is being built, and delete the oldest one if there are too many."""
        self._pages[page.id] = page
        page.on_connect(lambda: self._pages.pop(page.id, None))
        page.on_delete(lambda: self._pages.pop(page.id, None))
        if len(self._pages) > MOST:
            next(iter(self._pages.values())).delete()
