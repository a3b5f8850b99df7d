"""An Answer in pieces for programs: what must be said first, each claim with its marks, the footnotes, the end."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogs.wording_of_answers import FIRST, AnswerText, doubtful
from rag.models import Answer, AnswerStatus, Citation, Claim


class FootnotedText(AnswerText):
    """The words of AnswerText, set as a text with footnotes. Joined, the pieces are the whole reply."""

    def parts(self, answer: Answer) -> list[str]:
        if answer.status is not AnswerStatus.ANSWERED:
            return [self.of(answer)]
        first = "".join(f"{line}\n" for line in self._notices(answer.notices, FIRST))
        claims = self._in_staffs_words(answer) or [
            self._marked(answer, n, claim) for n, claim in enumerate(answer.claims)
        ]
        notes = [self._note(number, citation) for number, citation in enumerate(answer.citations, start=1)]
        footnotes = "\n".join((f"\n{self._phrases.say('ask.footnotes')}", *notes, ""))
        doubt = f"\n{self._phrases.say('ask.verify')}" if any(map(doubtful, answer.citations)) else ""
        return [*([f"{first}\n"] if first else []), *claims, footnotes, "\n".join((doubt, *self._ending(answer)))]

    def _in_staffs_words(self, answer: Answer) -> list[str]:
        """What staff approved, in one piece; the footnotes hold the clauses that it rests on."""
        if answer.approved is None:
            return []
        return [f"{self.approved_line(answer.approved)}\n\n{answer.approved.text}\n"]

    def _marked(self, answer: Answer, place: int, claim: Claim) -> str:
        numbers = _numbers(answer, place, claim)
        doubt = any(doubtful(answer.citations[number - 1]) for number in numbers)
        reported = self._phrases.say("ask.reported") if doubt else ""
        marks = "".join(f"[{number}]" for number in numbers)
        return f"{self._phrases.say('ask.claim', text=f'{reported}{claim.text}')}{marks}\n"

    def _note(self, number: int, citation: Citation) -> str:
        values = {"number": number, "title": citation.title, "article": citation.article or "", "quote": citation.quote}
        if citation.policy_status is None:
            return self._phrases.say("ask.footnote_plain", **values)
        note = self._phrases.say(
            "ask.footnote",
            **values,
            doc_no=citation.doc_no or "",
            state=citation.policy_status.value,
            judged=citation.judged.isoformat() if citation.judged else "—",
            mark=self._mark(citation),
        )
        return note if not citation.url else f"{note}\n{self._phrases.say('ask.source', url=citation.url)}"


def _numbers(answer: Answer, place: int, claim: Claim) -> Sequence[int]:
    """The footnotes of a claim: its own card, or those of its quotes where a model wrote it."""
    if not answer.generated:
        return [place + 1]
    cards = {(card.passage, card.quote): number for number, card in enumerate(answer.citations, start=1)}
    return sorted({cards[quote.passage, quote.quote] for quote in claim.quotes})
