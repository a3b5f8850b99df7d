"""An Answer in words: plain text that stands alone in any door. Clauses are verbatim, the rest is wording/*.toml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot.phrases import Phrases
from rag.models import Answer, AnswerStatus, Approved, Citation, Notice, PolicyState

FIRST = (
    "ai_generated",
    "injection_ignored",
    "as_of",
    "listing",
    "changes",
    "changes_digest",
    "retired_by",
    "retired",
    "from_reports",
)
_LAST = ("missing", "listing_no_district", "office", "office_asof")


class AnswerText:
    """Words for answers in one language. `contact` is the configured fallback that every answer ends with."""

    def __init__(self, phrases: Phrases, contact: str, longest_question: int) -> None:
        self._phrases = phrases
        self._contact = contact
        self._longest = longest_question

    def of(self, answer: Answer) -> str:
        if answer.status is AnswerStatus.ANSWERED:
            return "\n".join(self._answered(answer))
        if answer.status is AnswerStatus.SMALLTALK:
            return self._phrases.say(f"ask.smalltalk.{answer.notices[0].key.removeprefix('smalltalk_')}")
        return "\n".join(self._refused(answer))

    def _answered(self, answer: Answer) -> Iterable[str]:
        if answer.approved:
            yield from self._approved(answer)
        else:
            yield from self._notices(answer.notices, FIRST)
        if answer.generated:
            yield from self._generated(answer)
        pairs = list(zip(answer.citations, _texts(answer), strict=True))
        for heading, group in groupby(pairs, key=lambda pair: self._heading(pair[0])):
            yield f"\n{heading}"
            yield from self._clauses(list(group))
        if any(doubtful(citation) for citation in answer.citations):
            yield f"\n{self._phrases.say('ask.verify')}"
        yield from self._ending(answer)

    def _refused(self, answer: Answer) -> Iterable[str]:
        yield from self._notices(answer.notices, ("injection_ignored",))
        yield self._reason(answer)
        if answer.nearest:
            yield f"\n{self._phrases.say('ask.status.nearest')}"
            for citation in answer.nearest:
                yield f"\n{self._nearest(citation)}"
        if answer.status.value.startswith("unanswerable"):
            yield from self._ending(answer)

    def _reason(self, answer: Answer) -> str:
        values = next((notice.values for notice in answer.notices if notice.key == "searched"), {})
        key = f"ask.status.{answer.status.value}"
        if "title" in values and self._phrases.has(f"{key}_titled"):
            key += "_titled"
        return self._phrases.say(key, limit=self._longest, **{"reference": "", **values})

    def _heading(self, citation: Citation) -> str:
        if citation.policy_status is None:
            return self._phrases.say("ask.head_plain", title=citation.title)
        head = self._phrases.say(
            "ask.head",
            title=citation.title,
            doc_no=citation.doc_no or "",
            jurisdiction=self._level(citation),
            mark=self._mark(citation),
            state=citation.policy_status.value,
            judged=citation.judged.isoformat() if citation.judged else "—",
        )
        return head if not citation.url else f"{head}\n{self._phrases.say('ask.source', url=citation.url)}"

    def _level(self, citation: Citation) -> str:
        return self._phrases.say(f"ask.section.{citation.level}", jurisdiction=citation.jurisdiction or "")

    def _generated(self, answer: Answer) -> Iterable[str]:
        """A model's sentences, apart from the clauses that prove them."""
        yield ""
        for claim in answer.claims:
            yield self._phrases.say("ask.claim", text=claim.text)
        yield f"\n{self._phrases.say('ask.grounds')}"

    def approved_line(self, approved: Approved) -> str:
        """The line that says whose words follow, and from when until when they hold."""
        days = {"day": approved.day.isoformat(), "until": approved.until.isoformat()}
        return self._phrases.say("ask.approved", by=approved.by, **days)

    def _approved(self, answer: Answer) -> Iterable[str]:
        """Staff's words as they are, then what must be said of the clauses that they rest on."""
        if answer.approved is not None:
            yield self.approved_line(answer.approved)
            yield f"\n{answer.approved.text}"
        said = "\n".join(self._notices(answer.notices, FIRST))
        yield from ("", said) if said else ()
        yield f"\n{self._phrases.say('ask.grounds')}"

    def _clauses(self, group: Sequence[tuple[Citation, str]]) -> Iterable[str]:
        for citation, text in group:
            if citation.policy_status is None:
                article = f"{citation.article}　" if citation.article else ""
                yield self._phrases.say("ask.clause_plain", article=article, text=text)
            else:
                reported = self._phrases.say("ask.reported") if doubtful(citation) else ""
                yield self._clause(citation, reported + text)

    def _clause(self, citation: Citation, text: str) -> str:
        article = (citation.article or citation.title) + self._page(citation)
        return self._phrases.say("ask.clause", article=article, text=text)

    def _page(self, citation: Citation) -> str:
        """Where the official file has it printed; "" where that is not known."""
        if citation.page is None:
            return ""
        one = citation.last_page in {None, citation.page}
        return self._phrases.say("ask.page" if one else "ask.pages", page=citation.page, last=citation.last_page or 0)

    def _nearest(self, citation: Citation) -> str:
        return self._phrases.say(
            "ask.status.nearest_clause",
            title=citation.title,
            article=(citation.article or "") + self._page(citation),
            mark=self._mark(citation),
            state=citation.policy_status.value if citation.policy_status else "—",
            text=citation.quote,
        )

    def _mark(self, citation: Citation) -> str:
        return self._phrases.say(f"ask.mark_{citation.confidence or 'original'}")

    def _ending(self, answer: Answer) -> Iterable[str]:
        yield ""
        yield from self._notices(answer.notices, _LAST)
        yield self._phrases.say("ask.notice.fallback", contact=self._contact)

    def _notices(self, notices: Sequence[Notice], keys: Sequence[str]) -> Iterable[str]:
        for key in keys:
            for notice in notices:
                if notice.key == key:
                    yield self._phrases.say(f"ask.notice.{key}", **notice.values)


def _texts(answer: Answer) -> list[str]:
    """What stands beside each card: the claim, or the clause that a model's claims are proven by."""
    if not answer.generated:
        return [claim.text for claim in answer.claims]
    return [_row_in_words(citation.quote) for citation in answer.citations]


def _row_in_words(quote: str) -> str:
    """A table's row without its bars."""
    row = quote.strip()
    if not (row.startswith("|") and row.endswith("|")) or "\n" in row:
        return quote
    return "；".join(cell.strip() for cell in row.strip("|").split("|"))


def doubtful(citation: Citation) -> bool:
    """Clauses from reports, and those of a policy whose standing nobody verified lately."""
    return citation.confidence == "medium" or citation.policy_status is PolicyState.UNVERIFIED
