"""Which versions of a document are stored: asked at each sweep, so that it costs what goes and not what stays."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_corpus_documents_document", "corpus_documents", ["document"])
