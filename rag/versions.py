"""The version of a document: a digest that changes with anything in it that is shown, searched or judged by."""

from __future__ import annotations

import json
from hashlib import sha256

from rag.models import Document
from rag.policies import Policy


def version_of(document: Document) -> str:
    """The digest of a document's text and front matter."""
    card = _card(document.policy) if document.policy else ""
    whole = json.dumps([document.id, document.title, document.text, card], ensure_ascii=False)
    return sha256(whole.encode()).hexdigest()[:24]


def _card(policy: Policy) -> str:
    """A card without an original reads as it did before there were any: its version stays what it was."""
    return policy.model_dump_json(exclude=None if policy.original else {"original"})
