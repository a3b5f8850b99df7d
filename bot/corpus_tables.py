"""The tables the corpus stands in, and how a row becomes a noun of rag/ and back.

What is only ever read whole (a card, spans, a path, a manifest) is JSON in a text column: pydantic reads it fastest so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Row, Table, Text

from db.schema import UtcDateTime, metadata
from rag.models import Document, DocumentVersion, Passage, Release, Span
from rag.policies import Policy

documents = Table(
    "corpus_documents",
    metadata,
    Column("version", Text, primary_key=True),
    Column("document", Text, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("policy", Text),
    Column("text", Text, nullable=False),
    Column("spans", Text, nullable=False),
)

passages = Table(
    "corpus_passages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("article", Text),
    Column("lead", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("provision", Integer),
    Column("confidence", Text),
)

releases = Table(
    "corpus_releases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("segments", Text, nullable=False),
)

live = Table(
    "corpus_live",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="singleton"), primary_key=True),
    Column("release", Text, ForeignKey("corpus_releases.id"), nullable=False),
)

vectors = Table(
    "passage_vectors",
    metadata,
    Column("embedder", Text, primary_key=True),
    Column("passage", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)


def version_row(version: DocumentVersion) -> dict[str, Any]:
    document = version.document
    return {
        "version": version.version,
        "document": document.id,
        "title": document.title,
        "policy": document.policy.model_dump_json() if document.policy else None,
        "text": document.text,
        "spans": _compact([(span.passage, span.start, span.end) for span in version.spans]),
    }


def version_of(row: Row[Any]) -> DocumentVersion:
    policy = Policy.model_validate_json(row.policy) if row.policy else None
    spans = tuple(Span(*span) for span in json.loads(row.spans))
    return DocumentVersion(row.version, Document(row.document, row.title, row.text, policy), spans)


def passage_row(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "document": passage.document,
        "kind": passage.kind,
        "path": _compact(passage.path),
        "article": passage.article,
        "lead": passage.lead,
        "text": passage.text,
        "provision": passage.provision,
        "confidence": passage.confidence,
    }


def passage_of(row: Row[Any]) -> Passage:
    path = tuple(json.loads(row.path))
    return Passage(row.id, row.document, row.kind, path, row.article, row.lead, row.text, row.provision, row.confidence)


def release_row(release: Release) -> dict[str, Any]:
    return {
        "id": release.id,
        "number": release.number,
        "created_at": release.created_at,
        "manifest": _compact(dict(release.documents)),
        "segments": segments_text(release.segments),
    }


def release_of(row: Row[Any]) -> Release:
    manifest: Mapping[str, str] = MappingProxyType(json.loads(row.manifest))
    created_at: datetime = row.created_at
    return Release(row.id, row.number, created_at, manifest, tuple(json.loads(row.segments)))


def segments_text(segments: tuple[str, ...]) -> str:
    return _compact(segments)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
