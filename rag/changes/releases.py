"""What changed between two releases: documents that came, went or changed, and of those that changed, what."""

from __future__ import annotations

from dataclasses import dataclass

from rag.changes.diffing import Diff, compare
from rag.indexing import make_plan
from rag.models import Document, Release
from rag.ports import ReleaseStore


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document of both releases. `fields` are those of its card that differ, as (field, old, new) in words."""

    old: Document
    new: Document
    diff: Diff
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ReleaseChanges:
    """Titles as they stand in the release each is from; `kept` counts the documents that are the same in both."""

    added: tuple[Document, ...]
    retired: tuple[Document, ...]
    changed: tuple[DocumentChange, ...]
    kept: int


def release_changes(old: Release, new: Release, store: ReleaseStore) -> ReleaseChanges:
    """Raises ReleaseStoreError where a text is not kept any more."""
    plan = make_plan(new.documents, old)

    def of(release: Release, names: tuple[str, ...]) -> list[Document]:
        return [version.document for version in store.versions([release.documents[name] for name in names])]

    pairs = zip(of(old, plan.change), of(new, plan.change), strict=True)
    return ReleaseChanges(
        added=tuple(of(new, plan.add)),
        retired=tuple(of(old, plan.retire)),
        changed=tuple(document_change(before, after) for before, after in pairs),
        kept=len(plan.keep),
    )


def document_change(old: Document, new: Document) -> DocumentChange:
    return DocumentChange(old, new, compare(old.text, new.text), tuple(_fields(old, new)))


def _fields(old: Document, new: Document) -> list[tuple[str, str, str]]:
    before, after = _card(old), _card(new)
    names = dict.fromkeys([*before, *after])
    return [
        (name, _plain(before.get(name)), _plain(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _card(document: Document) -> dict[str, object]:
    """The card's fields, page anchors apart: they change with every line of the text, which is compared itself."""
    apart = {"original": {"pages"}}
    return document.policy.model_dump(mode="json", exclude=apart) if document.policy else {"title": document.title}


def _plain(value: object) -> str:
    """A field's value on one line, "" for none."""
    if value is None or value in ([], (), {}):
        return ""
    if isinstance(value, list | tuple):
        return "、".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_plain(one) for one in value.values() if one not in (None, [], False))
    return str(value)
