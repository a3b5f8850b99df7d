"""From what a document says about itself to the policy file it becomes: proposed fields, then Markdown. Pure.

Nothing here is published by itself: every field is confirmed or edited by somebody first (bot/taking_in.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import yaml

from rag.jurisdictions import parse_place
from rag.policies import JudgedStatus, Original, Policy
from rag.proposing import Proposals, Proposed
from rag.proposing.versions import Edition, editions, predecessor, title_key

REQUIRED = ("id", "title", "issuer", "level", "jurisdiction", "categories", "status", "status_basis")
"""Fields without which nothing can be published."""

FIELDS = (
    "id", "title", "doc_no", "issuer", "level", "jurisdiction", "categories", "issued", "effective", "expires",
    "status", "status_basis", "audience", "supersedes", "url",
)  # fmt: skip
"""What is confirmed, in the order it is shown. `url` is where the official text stands."""

LISTS = frozenset({"categories", "audience", "supersedes"})

SAME_TITLE = "same_title"
"""Why an older edition is proposed as superseded: nothing but its title and its day says so."""

_EDITION = {"id", "title", "issued", "effective", "jurisdiction"}
_INNER = re.compile(r"(?:关于)?(?:印发|发布|公布|修订|修改)[《〈]?(.+?)[》〉]?(?:的通知|的决定|的公告)?$")
_ENDED = {JudgedStatus.EXPIRED, JudgedStatus.LAPSED, JudgedStatus.REPEALED, JudgedStatus.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a proposed value was read: text[start:end], and how it was come to (rag.proposing.models.Why)."""

    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Outset:
    """Proposed fields of a policy file and where they come from. `same` is the id of the policy here that the file is
    the text of, None where it is a new one; `unknown` are titles it repeals that are not here."""

    fields: Mapping[str, Any]
    origins: Mapping[str, tuple[Origin, ...]]
    remarks: tuple[str, ...]
    same: str | None
    unknown: tuple[str, ...]


def outset(
    found: Proposals,
    known: Sequence[Policy],
    today: str,
    before: str | None = None,
    waiting: Sequence[Edition] = (),
) -> Outset:
    """Proposed fields, in the form front matter has. `today` is YYYY-MM-DD, `known` the policies that are here.

    `before` is the id of the policy that the file at this place was the text of until now; `waiting` are the documents
    that are on their way in. An older edition of the same title is proposed as superseded.
    """
    same = _unclaimed(same_policy(found, known), found, waiting) or _as_before(found, before, known)
    taken = {policy.id for policy in known} | {edition.id for edition in waiting}
    name = same.id if same else new_id(found, taken)
    older = {repeal: named_policy(repeal.value.title, repeal.value.doc_no, known) for repeal in found.repeals}
    earlier, later = _beside(found, name, known, waiting)
    supersedes = [policy.id for policy in older.values() if policy is not None and policy.id != (same and same.id)]
    supersedes += [earlier.id] if earlier else []
    fields: dict[str, Any] = {name: one.value for name, one in _singles(found).items()}
    fields |= {"categories": [one.value.value for one in found.categories] or _of(same, "categories")}
    fields |= {"audience": [one.value[:500] for one in found.audience], "supersedes": list(dict.fromkeys(supersedes))}
    fields |= {"id": name, **_status(found, today)}
    origins: dict[str, tuple[Origin, ...]] = {name: (_origin(one),) for name, one in _singles(found).items()}
    origins |= {name: tuple(map(_origin, getattr(found, name))) for name in ("categories", "audience")}
    origins["supersedes"] = tuple(_origin(repeal) for repeal, policy in older.items() if policy is not None)
    if earlier is not None and found.title is not None:
        origins["supersedes"] += (Origin(found.title.start, found.title.end, SAME_TITLE),)
    return Outset(
        {name: value for name, value in fields.items() if value not in (None, "", [])},
        {name: places for name, places in origins.items() if places},
        (*found.remarks, *(("newer_edition",) if later else ())),
        same.id if same else None,
        tuple(repeal.value.title for repeal, policy in older.items() if policy is None),
    )


def same_policy(found: Proposals, known: Iterable[Policy]) -> Policy | None:
    """The policy here that this is the text of: by its number first, then by its title where the days do not say that
    it is another edition."""
    if found.title is None:
        return None
    number = found.doc_no.value if found.doc_no else None
    same = named_policy(found.title.value, number, known)
    if same is None or (_bare_number(number) and _bare_number(number) == _bare_number(same.doc_no)):
        return same
    return same if _same_days(found, same) else None


def _same_days(found: Proposals, policy: Policy) -> bool:
    """Whether a day of one is a day of the other: to the year beside a digest, whose days may be those of a report; to
    the day beside an original. Nothing is said against it where one of them has no day."""
    said = {one.value for one in (found.issued, found.written, found.effective) if one}
    held = {day for day in (policy.issued, policy.effective) if day}
    width = 4 if policy.text_kind == "digest" else 10
    return not (said and held) or any(a[:width].startswith(b[:width]) for a in said for b in held)


def edition_of(fields: Mapping[str, Any], amended: str = "") -> Edition:
    """A policy's card, or a draft's, as one of several of its title. `amended` is the day it was last changed."""
    day = max(amended, str(fields.get("issued") or fields.get("effective") or ""))
    return Edition(str(fields.get("id") or ""), str(fields.get("title") or ""), day, fields.get("jurisdiction"))


def amended_of(found: Proposals) -> str:
    return found.amended.value if found.amended else ""


def _beside(
    found: Proposals, name: str, known: Iterable[Policy], waiting: Sequence[Edition]
) -> tuple[Edition | None, bool]:
    """The edition before this one, and whether there is one after it."""
    one = _edition(found, name)
    here = [edition_of(policy.model_dump(include=_EDITION)) for policy in known]
    every = editions(one, [*here, *waiting])
    return predecessor(one, every), every[-1].day > one.day


def _edition(found: Proposals, name: str) -> Edition:
    return edition_of({"id": name, **{field: one.value for field, one in _singles(found).items()}}, amended_of(found))


def _unclaimed(same: Policy | None, found: Proposals, waiting: Sequence[Edition]) -> Policy | None:
    """The policy, unless another edition of it is on its way in under its id."""
    claimed = same is not None and any(
        edition.id == same.id and edition.day != _edition(found, same.id).day for edition in waiting
    )
    return None if claimed else same


def _as_before(found: Proposals, before: str | None, known: Iterable[Policy]) -> Policy | None:
    """The policy of this id, unless the numbers say that another document stands there now."""
    number = _bare_number(found.doc_no.value if found.doc_no else None)
    held = next((policy for policy in known if before and policy.id == before), None)
    other = held is not None and number and _bare_number(held.doc_no) and number != _bare_number(held.doc_no)
    return None if other else held


def named_policy(title: str, doc_no: str | None, known: Iterable[Policy]) -> Policy | None:
    """The policy with this number, else the one with this title whose number does not say otherwise."""
    policies = list(known)
    number = _bare_number(doc_no)
    if number and (same := next((p for p in policies if _bare_number(p.doc_no) == number), None)):
        return same
    keys = _title_keys(title)
    alike = [p for p in policies if keys & _title_keys(p.title) and not (number and _bare_number(p.doc_no))]
    return alike[0] if len(alike) == 1 else None


def new_id(found: Proposals, taken: set[str]) -> str:
    """place-year-number of the 文号, or of the title where there is none; told apart from those that are taken."""
    place = parse_place(found.jurisdiction.value) if found.jurisdiction else None
    day = next((one.value for one in (found.amended, found.issued, found.written, found.effective) if one), "")
    number = re.search(r"([0-9]{1,4})号", found.doc_no.value) if found.doc_no else None
    title = found.title.value if found.title else ""
    prefix = sha256((found.doc_no.value if found.doc_no else title).encode()).hexdigest()[:6]
    parts = [place.slug if place else "doc", day[:4], number[1] if number else "", prefix]
    wanted = "-".join(part for part in parts if part)
    return next(name for n in range(1, 10_000) if (name := wanted if n == 1 else f"{wanted}-{n}") not in taken)


_CARRIED = ("industries", "relations", "application", "contact", "contact_asof")


def as_file(
    fields: Mapping[str, Any], body: str, asof: str, held: Policy | None = None, original: Original | None = None
) -> str:
    """The policy file: front matter and the text as it was read. `asof` is the day the fields were confirmed,
    `original` the file that it was read from.

    `held` is the card of the digest whose place it takes: what its text was not asked for stays (whom to ask, where to
    apply, relations), and so does the official page it was read at.
    """
    card: dict[str, Any] = {name: fields[name] for name in FIELDS if name in fields and name != "url"}
    card["status_asof"] = asof
    source = {"title": fields.get("title", ""), "kind": "official_site", "coverage": "full", "official": True}
    card["sources"] = [source | ({"url": fields["url"]} if fields.get("url") else {})]
    card |= {"text_kind": "original", "confidence": "high"}
    if held is not None:
        old = held.model_dump(mode="json", exclude_defaults=True)
        card |= {name: old[name] for name in _CARRIED if name in old}
        card |= {"inferred": [name for name in held.inferred if name in _CARRIED and name in card]}
        page = next((s.url for s in held.sources if s.official and s.url), None)
        card["sources"][0] |= {"url": page} if page and not fields.get("url") else {}
    card |= {"original": original.model_dump(mode="json")} if original is not None else {}
    ordered = {name: card[name] for name in Policy.model_fields if name in card and card[name] != []}
    written = yaml.safe_dump(ordered, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{written}---\n{body.lstrip(chr(10))}"


def retired_card(text: str, by: Mapping[str, Any], asof: str) -> str | None:
    """A policy file with its card saying that `by` took its place; None where it says so, or another end, already."""
    parts = re.match(r"---[ ]*\n(.*?)^---[ ]*\n", text, re.DOTALL | re.MULTILINE)
    card = yaml.safe_load(parts[1]) if parts else None
    if parts is None or not isinstance(card, dict) or card.get("status") in {status.value for status in _ENDED}:
        return None
    end = by.get("effective") or by.get("issued")
    basis = f"由《{by['title']}》{by.get('doc_no') or ''}废止"[:500]
    said = {"status": JudgedStatus.SUPERSEDED.value, "status_asof": asof, "status_basis": basis}
    card_text = parts[1]
    for name, value in (said | ({"expires": end} if end else {})).items():
        card_text = _with_line(card_text, name, str(value))
    return f"---\n{card_text}---\n{text[parts.end() :]}"


def _with_line(card: str, name: str, value: str) -> str:
    line = yaml.safe_dump({name: value}, allow_unicode=True, width=10_000)
    pattern = re.compile(rf"^{name}:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)
    return pattern.sub(lambda _: line, card, count=1) if pattern.search(card) else card + line


def _singles(found: Proposals) -> dict[str, Proposed[Any]]:
    names = ("title", "doc_no", "issuer", "issued", "effective", "expires", "level", "jurisdiction")
    return {name: held for name in names if (held := getattr(found, name)) is not None}


def _origin(one: Proposed[Any]) -> Origin:
    return Origin(one.start, one.end, one.why)


def _of(policy: Policy | None, name: str) -> list[str]:
    return [str(value) for value in getattr(policy, name)] if policy else []


def _status(found: Proposals, today: str) -> dict[str, str]:
    if found.title is not None and "征求意见" in found.title.value:
        return {"status": JudgedStatus.DRAFT.value, "status_basis": "题名载明征求意见"}
    if found.effective is None:
        return {"status": JudgedStatus.UNVERIFIED.value, "status_basis": "原文没有载明施行日期"}
    basis = f"原文载明自{found.effective.value}施行"
    if found.expires is not None:
        over = found.expires.value < today
        status = JudgedStatus.EXPIRED if over else JudgedStatus.IN_FORCE
        return {"status": status.value, "status_basis": f"{basis}，有效期至{found.expires.value}"}
    return {"status": JudgedStatus.IN_FORCE.value, "status_basis": basis}


def _title_keys(title: str) -> set[str]:
    """The title's key, and that of what it issues: 关于印发《某办法》的通知 → 某办法."""
    keys = {title_key(title)}
    about = title.find("关于")
    if inner := _INNER.search(title[about:] if about >= 0 else title):
        keys.add(title_key(inner[1]))
    return {key for key in keys if len(key) >= 4}


def _bare_number(doc_no: str | None) -> str:
    return re.sub(r"[^0-9\u3400-\u9fff]", "", doc_no or "").replace("第", "")
