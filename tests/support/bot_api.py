"""A Bot API on loopback that behaves as Telegram's does where it matters: offsets, conflicts, webhooks, limits, faults.

It speaks real HTTP to the real client. What a person does is a method (`say`, `press`, `send`), what the bot did is in
`posted`, and `fault` makes calls fail as they do in the field.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "4242424242:TESTTOKEN-abcdefghijklmnopqrstuvwxyz1"
USERNAME = "kechuang_test_bot"
LONGEST = 4096
_TAG = re.compile(r"<(/?)([a-z-]+)((?:\s[^<>]*)?)>")
_KNOWN_TAGS = {"b", "i", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}
PATIENCE = 60.0
"""Seconds a test waits before it says that something never happened: a guard, not a measure."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class RefusedError(Exception):
    """An answer that is not ok."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


@dataclass(slots=True)
class Posted:
    """A message the bot sent. `text` is what a person sees now, `history` what stood there before."""

    id: int
    chat: int
    text: str
    html: str | None = None
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    markup: dict[str, Any] = field(default_factory=dict)
    document: tuple[str, bytes] | None = None
    reply_to: int | None = None
    history: list[str] = field(default_factory=list)
    deleted: bool = False
    at: float = 0.0

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]

    def data(self, label: str) -> str:
        """The callback data of the first button whose label holds this."""
        for row in self.keyboard:
            for button in row:
                if label in button["text"] and "callback_data" in button:
                    return str(button["callback_data"])
        raise AssertionError(f"no button {label!r} among {self.labels}")


@dataclass(slots=True)
class Call:
    method: str
    parameters: dict[str, Any]
    at: float
    status: int = 0

    @property
    def chat(self) -> int | None:
        return int(self.parameters["chat_id"]) if "chat_id" in self.parameters else None


@dataclass(slots=True)
class Fault:
    """How the next `times` calls of `method` (of any chat, or of one) end.

    `how`: a status · drop (no answer, nothing done) · late (done, then no answer) · stall (no answer, the connection
    stays open) · garbage (an answer that is no JSON).
    """

    method: str | None
    how: int | str
    times: float
    chat: int | None = None
    retry_after: int = 1
    migrate_to: int | None = None
    description: str = "Some error"
    chance: float = 1.0

    @property
    def parameters(self) -> dict[str, int]:
        if self.migrate_to is not None:
            return {"migrate_to_chat_id": self.migrate_to}
        return {"retry_after": self.retry_after} if self.how == 429 else {}

    def strikes(self, call: Call, dice: random.Random) -> bool:
        if self.times <= 0 or self.method not in (None, call.method):
            return False
        if self.chat is not None and call.chat != self.chat:
            return False
        return self.chance >= 1.0 or dice.random() < self.chance


class BotApi(ThreadingHTTPServer):
    """`url` is the API's address. All state is guarded by `changed`, which is notified whenever something happens."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int = 0, token: str = TOKEN) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.token = token
        self.bot = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": "科创助手", "username": USERNAME}
        self.changed = threading.Condition(threading.RLock())
        self.pending: list[dict[str, Any]] = []
        self.posted: list[Posted] = []
        self._chats: dict[int, list[Posted]] = {}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.blocked: set[int] = set()
        self.files: dict[str, bytes] = {}
        self.webhook: dict[str, Any] = {}
        self.commands: dict[str, list[str]] = {}
        self.answered: list[tuple[str, str]] = []
        self.released = threading.Event()
        self.filters = False
        self.ended = False
        self._update_ids = itertools.count(1000)
        self._message_ids = itertools.count(1)
        self._callbacks = itertools.count(1)
        self._live_callbacks: set[str] = set()
        self._poll = 0
        # Two servers never send the same update: a data folder that met one of them would take it for known.
        self._date = 1_790_000_000 + secrets.randbelow(1_000_000)
        self._dice = random.Random(5)  # noqa: S311  # which calls fail, no secret
        self._sender: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, _request: Any, _address: Any) -> None:
        """A client that was killed leaves its connections behind."""

    # What people do.

    def send(self, update: Mapping[str, Any]) -> int:
        """An update as it is, with the next id unless it has one; the id."""
        with self.changed:
            number = update.get("update_id", next(self._update_ids))
            self.pending.append({"update_id": number, **update})
            self.changed.notify_all()
        return int(number) if isinstance(number, int) else 0

    def say(self, text: str | None, user: int = 7, **more: Any) -> int:
        """A private message; `more` goes into it (photo, contact, reply_to_message …)."""
        return self.send({"message": self.message(text, user, **more)})

    def message(
        self, text: str | None, user: int = 7, chat: Mapping[str, Any] | None = None, lang: str = "zh-hans", **more: Any
    ) -> dict[str, Any]:
        with self.changed:
            number = next(self._message_ids)
        place = chat or {"id": user, "type": "private", "first_name": "某人"}
        sender = {"id": user, "is_bot": False, "first_name": "某人", "language_code": lang}
        body = {"message_id": number, "date": self._date, "chat": dict(place), "from": sender, **more}
        return body if text is None else {**body, "text": text}

    def edit(self, message: int, text: str, user: int = 7) -> int:
        """The person edits a message of theirs."""
        body = {**self.message(text, user), "message_id": message, "edit_date": 1_790_000_100}
        return self.send({"edited_message": body})

    def press(self, posted: Posted, label: str, user: int | None = None, data: str | None = None) -> int:
        """A person presses the button that says this."""
        with self.changed:
            callback = f"cb{next(self._callbacks)}"
            self._live_callbacks.add(callback)
        place = {"id": posted.chat, "type": "private" if posted.chat > 0 else "supergroup"}
        query = {
            "id": callback,
            "from": {"id": user or posted.chat, "is_bot": False, "first_name": "某人", "language_code": "zh-hans"},
            "chat_instance": "1",
            "data": data or posted.data(label),
            "message": {"message_id": posted.id, "date": self._date, "chat": place, "from": self.bot},
        }
        return self.send({"callback_query": query})

    def keep_file(self, content: bytes) -> str:
        """A file that a person sent; its file_id."""
        with self.changed:
            name = f"file{len(self.files)}"
            self.files[name] = content
        return name

    # What the bot did.

    def wait(self, reached: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Until `reached` is true, looked at whenever something happens; what it gave."""
        until = time.monotonic() + seconds
        with self.changed:
            while not (found := reached()):
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(
                        f"it never happened; posted so far: {[p.text[:80] for p in self.posted][-20:]}"
                    )
                self.changed.wait(min(left, 1.0))
        return found

    def to(self, chat: int) -> list[Posted]:
        """What stands in a chat now."""
        with self.changed:
            return [posted for posted in self._chats.get(chat, ()) if not posted.deleted]

    def reply(self, chat: int = 7, past: int = 0) -> Posted:
        """The first message to a chat after `past` others, waited for."""
        found: Posted = self.wait(lambda: self.to(chat)[past:])[0]
        return found

    def made(self, method: str) -> list[Call]:
        with self.changed:
            return [call for call in self.calls if call.method == method]

    def fault(self, method: str | None, how: int | str, times: float = 1, **more: Any) -> Fault:
        fault = Fault(method, how, times, **more)
        with self.changed:
            self.faults.append(fault)
        return fault

    def mend(self) -> None:
        """No faults any more; whoever was stalled is let go."""
        with self.changed:
            self.faults.clear()
            self.released.set()
            self.released = threading.Event()

    # How it answers.

    def take(self, call: Call) -> tuple[Fault | None, Any]:
        """Journal a call and find its fault; the fault, and what the call gives unless the fault forbids it."""
        with self.changed:
            self.calls.append(call)
            fault = next((fault for fault in self.faults if fault.strikes(call, self._dice)), None)
            if fault is not None:
                fault.times -= 1
                if isinstance(fault.how, int):
                    raise RefusedError(fault.how, fault.description, **fault.parameters)
                if fault.how != "late":
                    self.changed.notify_all()
                    return fault, None
        name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", call.method)
        result = getattr(self, f"on_{name}", self._unknown)(call.parameters)
        with self.changed:
            self.changed.notify_all()
        return fault, result

    def _unknown(self, _parameters: dict[str, Any]) -> Any:
        raise RefusedError(404, "Not Found: method not found")

    def on_get_me(self, _parameters: dict[str, Any]) -> Any:
        more = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return {**self.bot, **more}

    def on_get_updates(self, parameters: dict[str, Any]) -> Any:
        with self.changed:
            if self.webhook:
                raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
            self._poll += 1
            mine = self._poll
            self.changed.notify_all()
            offset = int(parameters.get("offset", 0))
            self.pending = [update for update in self.pending if not _confirmed(update, offset)]
            until = time.monotonic() + float(parameters.get("timeout", 0))
            while not self.pending and not self.ended:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self.changed.wait(left)
                if self._poll != mine:
                    raise RefusedError(409, "Conflict: terminated by other getUpdates request")
            kinds = set(_json(parameters, "allowed_updates", []))
            found = [update for update in self.pending if not self.filters or kinds & update.keys()]
            return found[: int(parameters.get("limit", 100))]

    def on_set_webhook(self, parameters: dict[str, Any]) -> Any:
        with self.changed:
            self.webhook = dict(parameters)
            if self._sender is None:
                self._sender = threading.Thread(target=self._deliver, daemon=True)
                self._sender.start()
        return True

    def on_delete_webhook(self, parameters: dict[str, Any]) -> Any:
        with self.changed:
            self.webhook = {}
        return True

    def on_get_webhook_info(self, _parameters: dict[str, Any]) -> Any:
        return {"url": self.webhook.get("url", ""), "pending_update_count": len(self.pending)}

    def on_set_my_commands(self, parameters: dict[str, Any]) -> Any:
        names = [entry["command"] for entry in _json(parameters, "commands", [])]
        self.commands[parameters.get("language_code", "") + str(parameters.get("scope", ""))] = names
        return True

    def on_send_message(self, parameters: dict[str, Any]) -> Any:
        chat = self._chat(parameters)
        text = _shown(parameters)
        posted = self._post(chat, text, parameters)
        posted.html = parameters["text"] if parameters.get("parse_mode") else None
        return self._as_message(posted)

    def on_send_document(self, parameters: dict[str, Any]) -> Any:
        chat = self._chat(parameters)
        given = parameters["document"]
        name, content = parameters[given.removeprefix("attach://")] if isinstance(given, str) else given
        posted = self._post(chat, str(parameters.get("caption", "")), parameters)
        posted.document = (name, content)
        document = {"file_id": "sent", "file_unique_id": "sent", "file_name": name, "file_size": len(content)}
        return {**self._as_message(posted), "document": document}

    def on_edit_message_text(self, parameters: dict[str, Any]) -> Any:
        posted = self._found(parameters)
        text, keyboard = _shown(parameters), _inline(parameters)
        if (text, keyboard) == (posted.text, posted.keyboard):
            raise RefusedError(400, "Bad Request: message is not modified")
        with self.changed:
            posted.history.append(posted.text)
            posted.text, posted.keyboard = text, keyboard
            posted.html = parameters["text"] if parameters.get("parse_mode") else None
        return self._as_message(posted)

    def on_edit_message_reply_markup(self, parameters: dict[str, Any]) -> Any:
        posted = self._found(parameters)
        keyboard = _inline(parameters)
        if keyboard == posted.keyboard:
            raise RefusedError(400, "Bad Request: message is not modified")
        posted.keyboard = keyboard
        return self._as_message(posted)

    def on_delete_message(self, parameters: dict[str, Any]) -> Any:
        self._found(parameters).deleted = True
        return True

    def on_send_chat_action(self, parameters: dict[str, Any]) -> Any:
        self._chat(parameters)
        return True

    def on_answer_callback_query(self, parameters: dict[str, Any]) -> Any:
        with self.changed:
            callback = parameters["callback_query_id"]
            if callback not in self._live_callbacks:
                raise RefusedError(400, "Bad Request: query is too old and response timeout expired")
            self._live_callbacks.discard(callback)
            self.answered.append((callback, str(parameters.get("text", ""))))
        return True

    def on_get_file(self, parameters: dict[str, Any]) -> Any:
        name = parameters["file_id"]
        content = self.files.get(name)
        if content is None:
            raise RefusedError(400, "Bad Request: invalid file_id")
        if len(content) > 20 * 1024 * 1024:
            raise RefusedError(400, "Bad Request: file is too big")
        return {"file_id": name, "file_unique_id": name, "file_size": len(content), "file_path": f"documents/{name}"}

    def _chat(self, parameters: dict[str, Any]) -> int:
        chat = int(parameters["chat_id"])
        if chat in self.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _post(self, chat: int, text: str, parameters: dict[str, Any]) -> Posted:
        markup = _json(parameters, "reply_markup", {})
        keyboard = _inline(parameters)
        reply_to = _json(parameters, "reply_parameters", {}).get("message_id")
        with self.changed:
            posted = Posted(next(self._message_ids), chat, text, keyboard=keyboard, markup=markup, reply_to=reply_to)
            posted.at = time.monotonic()
            self.posted.append(posted)
            self._chats.setdefault(chat, []).append(posted)
        return posted

    def _found(self, parameters: dict[str, Any]) -> Posted:
        chat, number = self._chat(parameters), int(parameters["message_id"])
        for posted in self.to(chat):
            if posted.id == number:
                return posted
        raise RefusedError(400, "Bad Request: message to edit not found")

    def _as_message(self, posted: Posted) -> dict[str, Any]:
        place = {"id": posted.chat, "type": "private" if posted.chat > 0 else "supergroup"}
        return {"message_id": posted.id, "date": 1_790_000_000, "chat": place, "from": self.bot, "text": posted.text}

    def _deliver(self) -> None:
        """What a webhook gets: each update again and again until it is answered with 2xx."""
        while not self.ended:
            with self.changed:
                if not (self.pending and self.webhook):
                    self.changed.wait(0.2)
                    continue
                update, hook = self.pending[0], dict(self.webhook)
            headers = {"Content-Type": "application/json"}
            if hook.get("secret_token"):
                headers["X-Telegram-Bot-Api-Secret-Token"] = hook["secret_token"]
            request = urllib.request.Request(hook["url"], json.dumps(update).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=10):
                    delivered = True
            except OSError:
                delivered = False
            with self.changed:
                if delivered:
                    self.pending.remove(update)
                    self.changed.notify_all()
                else:
                    self.changed.wait(0.05)


class _Handler(BaseHTTPRequestHandler):
    server: BotApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's delayed acknowledgement

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        place = urlsplit(self.path)
        _, prefix, method = place.path.split("/", 2)
        if prefix != f"bot{self.server.token}":
            self._answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        call = Call(method, {**_query(place.query), **self._fields(body)}, time.monotonic())
        try:
            fault, result = self.server.take(call)
        except RefusedError as refused:
            call.status = refused.status
            more = {"parameters": refused.parameters} if refused.parameters else {}
            said = {"ok": False, "error_code": refused.status, "description": refused.description, **more}
            self._answer(refused.status, said)
            return
        self._end(call, fault, result)

    def _end(self, call: Call, fault: Fault | None, result: Any) -> None:
        call.status = 200
        if fault is None:
            self._answer(200, {"ok": True, "result": result})
        elif fault.how == "garbage":
            self._bytes(200, b'{"ok": true, "result": [{"text": "13800138000 \xe6\x9c')
        elif fault.how == "stall":
            self.server.released.wait(600)
            self.close_connection = True
        else:
            self.close_connection = True
            with suppress(OSError):
                self.connection.close()

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        content = self.server.files.get(name)
        known = unquote(self.path).startswith(f"/file/bot{self.server.token}/")
        if content is None or not known:
            self._answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        else:
            self._bytes(200, content)

    def _fields(self, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/"):
            return _multipart(kind, body)
        if kind.startswith("application/json"):
            return dict(json.loads(body))
        return _query(body.decode())

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        self._bytes(status, json.dumps(said).encode())

    def _bytes(self, status: int, content: bytes) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _confirmed(update: dict[str, Any], offset: int) -> bool:
    number = update.get("update_id")
    return isinstance(number, int) and number < offset


def _query(text: str) -> dict[str, Any]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _multipart(kind: str, body: bytes) -> dict[str, Any]:
    whole: Any = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in whole.get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        file = part.get_filename()
        fields[name] = (file, content) if file else content.decode()
    return fields


def _json(parameters: dict[str, Any], name: str, default: Any) -> Any:
    value = parameters.get(name)
    return default if value is None else json.loads(value) if isinstance(value, str) else value


def _shown(parameters: dict[str, Any]) -> str:
    """The text as people see it. Refuses what Telegram refuses: bad markup, nothing at all, too much."""
    text = str(parameters.get("text", ""))
    if parameters.get("parse_mode") == "HTML":
        text = _without_tags(text)
    elif parameters.get("parse_mode"):
        raise RefusedError(400, "Bad Request: unsupported parse_mode")
    if not text.strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    if units(text) > LONGEST:
        raise RefusedError(400, "Bad Request: message is too long")
    return text.strip()


def _without_tags(html: str) -> str:
    open_tags: list[str] = []
    for closing, name, rest in _TAG.findall(html):
        if name not in _KNOWN_TAGS or (rest.strip() and name != "a"):
            raise RefusedError(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{name}"')
        if not closing:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise RefusedError(400, "Bad Request: can't parse entities: Unmatched end tag")
    plain = _TAG.sub("", html)
    if open_tags or "<" in plain:
        raise RefusedError(400, "Bad Request: can't parse entities: Can't find end tag")
    return unescape(plain)


def _inline(parameters: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = _json(parameters, "reply_markup", {}).get("inline_keyboard", [])
    for row in rows:
        for button in row:
            data, url = button.get("callback_data"), button.get("url")
            if data is not None and not 1 <= len(data.encode()) <= 64:
                raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
            if url is not None and not url.startswith(("http://", "https://", "tg://")):
                raise RefusedError(400, "Bad Request: BUTTON_URL_INVALID")
            if (data is None) == (url is None) or not button.get("text"):
                raise RefusedError(400, "Bad Request: BUTTON_TYPE_INVALID")
    return rows


@contextmanager
def bot_api(port: int = 0, token: str = TOKEN) -> Iterator[BotApi]:
    """A Bot API of one's own, stopped at the end."""
    server = BotApi(port, token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with server.changed:
            server.ended = True
            server.changed.notify_all()
        server.mend()
        server.shutdown()
        server.server_close()
        thread.join()
