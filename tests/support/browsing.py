"""A real browser on a site of our own: what must not happen is written down, and axe looks at each page."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, Locator, Page, expect

AXE = files("axe_playwright_python") / "axe.min.js"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 860}
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@dataclass
class Site:
    """An app served on a port of its own; `door` is what a test looks behind it with."""

    address: str
    server: uvicorn.Server
    thread: threading.Thread
    door: Any = None


def serve(app: FastAPI, door: Any = None) -> Site:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    return Site(f"http://127.0.0.1:{listening.getsockname()[1]}", server, thread, door)


def stop(site: Site) -> None:
    site.server.should_exit = True
    site.thread.join(10)


@dataclass
class Visit:
    """A page with what must not happen written down beside it."""

    page: Page
    address: str
    outside: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.address + path)
        return self.page

    def ask(self, text: str) -> Locator:
        """Type and send, and wait for the reply to this question."""
        replies = self.page.locator(".answer:not(.waiting)")
        before = replies.count()
        self.page.get_by_label("您的问题").fill(text)
        self.page.keyboard.press("Enter")
        expect(replies).to_have_count(before + 1)
        return replies.last


def watch(context: BrowserContext, address: str) -> Visit:
    context.add_init_script(NOTE_VIOLATIONS)
    visit = Visit(context.new_page(), address)
    page = visit.page
    page.on("request", lambda r: visit.outside.append(r.url) if not r.url.startswith(address) else None)
    page.on("pageerror", lambda error: visit.faults.append(str(error)))
    page.on(
        "console", lambda m: visit.faults.append(m.text) if m.type == "error" and "status of" not in m.text else None
    )

    def dismissed(dialog: Any) -> None:
        visit.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    return visit


def axe(page: Page) -> list[tuple[str, str]]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    results = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [(f["id"], f["nodes"][0]["html"][:160] + str(f["nodes"][0]["any"][:1])) for f in results["violations"]]
