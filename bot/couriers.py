"""Takes notices to people: pushes them where the channel can, tries again where that fails, and where nobody was
reached leaves a task 「电话联系」 to staff."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, cast

import httpx
from sqlalchemy import Connection, Engine

from bot.accounts import Account, Accounts
from bot.notice_words import notice_text
from bot.notices import GATEWAY, call_key, words_for
from bot.outbox import Notice, Outbox
from bot.phrases import Lang
from db.engine import reading
from intake.store.tasks import CALL, add_task

BATCH = 10
"""With TIMEOUT a batch fits the outbox's lease, so that nobody else sends it meanwhile."""

TIMEOUT = 10.0
"""Seconds a gateway may take."""

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})


class DeliveryError(Exception):
    """A notice was not delivered. `permanent`: it will not be, however often it is tried."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Deliverer(Protocol):
    """One way to reach people."""

    def deliver(self, account: Account, text: str, notice: Notice) -> None:
        """Raises DeliveryError. The same notice may come twice (after a crash): its id tells."""


class Courier:
    """`deliverers` by channel; `gateway` is told of what is shown on the channels that people come to.

    The gateway is not given what staff wrote to the owner: that is read where the owner signs in.
    """

    def __init__(
        self,
        engine: Engine,
        accounts: Accounts,
        deliverers: Mapping[str, Deliverer],
        gateway: Deliverer | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._engine = engine
        self._outbox = Outbox(engine)
        self._accounts = accounts
        self._deliverers = deliverers
        self._gateway = gateway
        self._stopped = stopped

    def run_once(self, now: datetime) -> int:
        """Deliver what is due; how many were delivered. Ends after a batch in which a way was out of order."""
        delivered = 0
        while notices := self._outbox.due(now, BATCH):
            outcomes = [self._take(notice, now) for notice in notices if not self._stopped()]
            delivered += outcomes.count(True)
            if None in outcomes or self._stopped():
                break
        return delivered

    def _take(self, notice: Notice, now: datetime) -> bool | None:
        """True: delivered. False: given up. None: to be tried again."""
        account = self._accounts.get(notice.account)
        deliverer = self._deliverer(notice, account)
        if account is None or deliverer is None:
            self._give_up(notice, now, "unread")
            return False
        try:
            deliverer.deliver(account, self._text(notice), notice)
        except DeliveryError as fault:
            return self._failed(notice, now, fault)
        self._outbox.mark_sent(notice.id, now)
        return True

    def _deliverer(self, notice: Notice, account: Account | None) -> Deliverer | None:
        if notice.kind.startswith(GATEWAY):
            return self._gateway
        return self._deliverers.get(account.channel) if account else None

    def _text(self, notice: Notice) -> str:
        kind, words = notice.kind, ""
        if not kind.startswith(GATEWAY):
            with reading(self._engine) as connection:
                words = words_for(connection, notice.body)
        return notice_text(kind.removeprefix(GATEWAY), notice.body, cast(Lang, notice.body.get("lang", "zh")), words)

    def _failed(self, notice: Notice, now: datetime, fault: DeliveryError) -> bool | None:
        self._outbox.mark_failed(notice, now, str(fault), fault.permanent, self._call(notice, now, "undeliverable"))
        return False if fault.permanent else None

    def _give_up(self, notice: Notice, now: datetime, why: str) -> None:
        self._outbox.mark_failed(notice, now, why, permanent=True, given_up=self._call(notice, now, why))

    def _call(self, notice: Notice, now: datetime, why: str) -> Callable[[Connection], None]:
        """Who was not reached is telephoned. Not where it is shown as well, or was the reply to a submission."""
        case, (room, _, kind) = notice.body.get("case"), notice.kind.partition(".")
        was_the_reply = kind == "receipt" and "split_from" not in notice.body

        def add(connection: Connection) -> None:
            if case and room == "case" and not was_the_reply:
                add_task(connection, call_key(notice.id), str(case), CALL, f"{why}/{kind}", now)

        return add


class WebhookDeliverer:
    """POSTs a notice as JSON to an address, such as that of an authority's text message gateway.

    The body is {id, account, kind, reference, lang, text}; no name and no number are in it. With a secret the header
    X-Notice-Signature is "sha256=" and the HMAC-SHA256, in hexadecimal, of X-Notice-Timestamp, a full stop and the
    body. The same notice always carries the same Idempotency-Key.
    """

    def __init__(
        self,
        url: str,
        secret: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = secret.encode()
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport)
        self._seconds = seconds

    def deliver(self, account: Account, text: str, notice: Notice) -> None:
        body = json.dumps(_message(account, text, notice), ensure_ascii=False).encode("utf-8", "replace")
        try:
            answer = self._client.post(self._url, content=body, headers=self._headers(body, notice))
        except (httpx.HTTPError, httpx.InvalidURL, OverflowError, ValueError) as fault:  # also for a wrong address
            raise DeliveryError(type(fault).__name__) from fault
        if not answer.is_success:
            code = answer.status_code
            raise DeliveryError(f"HTTP {code}", permanent=400 <= code < 500 and code not in _WORTH_ANOTHER_TRY)

    def close(self) -> None:
        self._client.close()

    def _headers(self, body: bytes, notice: Notice) -> dict[str, str]:
        moment = str(int(self._seconds()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": f"notice-{notice.id}",
            "X-Notice-Timestamp": moment,
        }
        if self._secret:
            digest = hmac.new(self._secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
            headers["X-Notice-Signature"] = f"sha256={digest}"
        return headers


def _message(account: Account, text: str, notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "account": account.key,
        "kind": notice.kind.removeprefix(GATEWAY),
        "reference": notice.body.get("reference"),
        "lang": notice.body.get("lang", "zh"),
        "text": text,
    }
