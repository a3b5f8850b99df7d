"""The tables of the Telegram door.

What people wrote stands in `telegram_updates.raw`, `telegram_outgoing.payload` and `telegram_answers.offered` only for
as long as it takes to answer, send and decide; then it is wiped.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from db.schema import CleanText, UtcDateTime, metadata

_JSON = JSON(none_as_null=True)

# Update ids belong to a bot: another token starts a sequence of its own, and a bot's own may begin anew; hence the
# digest of the content beside the id. `key` is the message's own (chat, message id, digest), so that one message under
# two update ids is one message.
telegram_updates = Table(
    "telegram_updates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("update_id", BigInteger),
    Column("digest", Text, nullable=False),
    Column("key", Text),
    Column("chat", BigInteger),
    Column("kind", Text, nullable=False),
    Column("album", Text),
    Column("raw", CleanText, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, index=True),
    Column("placeholder", BigInteger),
    Column("error", Text),
    UniqueConstraint("bot", "update_id", "digest"),
    UniqueConstraint("bot", "key"),
)
Index(None, telegram_updates.c.state, telegram_updates.c.chat, telegram_updates.c.update_id)

telegram_outgoing = Table(
    "telegram_outgoing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("chat", BigInteger, nullable=False),
    Column("payload", _JSON),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, index=True),
    Column("message", BigInteger),
    Column("error", Text),
)
Index(None, telegram_outgoing.c.state, telegram_outgoing.c.chat, telegram_outgoing.c.id)

# callback_data is "nonce.place": it says nothing to who reads it, and the row says whose button it is.
telegram_keyboards = Table(
    "telegram_keyboards",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("chat", BigInteger, nullable=False, index=True),
    Column("owner", BigInteger),
    Column("actions", JSON, nullable=False),
    Column("form", Text),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

telegram_chats = Table(
    "telegram_chats",
    metadata,
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("lang", Text),
    Column("awaits", Text),
    Column("contact_asked", Boolean, nullable=False),
    Column("unreachable_at", UtcDateTime),
    Column("last_message", BigInteger),
    Column("team", Text, index=True),
    Column("bound_by", Text),
)

# Which answer of a draft a message gave, so that an edit of the message can offer to change it.
telegram_answers = Table(
    "telegram_answers",
    metadata,
    Column("chat", BigInteger, primary_key=True),
    Column("message", BigInteger, primary_key=True),
    Column("draft", Text),
    Column("step", Text),
    Column("offered", CleanText),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

telegram_staff = Table(
    "telegram_staff",
    metadata,
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("staff", Text, nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
)

telegram_link_codes = Table(
    "telegram_link_codes",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("staff", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

# Which staff notices went to which chat, and where the card stands, so that a claim can be shown on it.
telegram_cards = Table(
    "telegram_cards",
    metadata,
    Column("notice", Integer, primary_key=True),
    Column("chat", BigInteger, primary_key=True),
    Column("reference", Text, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
