"""Whether what was found answers what was asked: how much of the question's weight stands in a passage. Pure.

A similarity threshold cannot tell 「this policy is not here」 (AUC .79 on real policy questions); the share of the
question's own words that the passage and its title hold can do better (.87), and it says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.guardrails import fold
from rag.lexical import terms_of
from rag.models import Hit, Passage
from rag.opened import OpenRelease
from rag.understanding import Understanding
from rag.wordbook import wordbook

PAIR = 1 << 21
"""Terms from here on are pairs of 汉字 or words; below it single 汉字, which match by chance."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far a passage covers a question, each in [0, 1]: all its words, its topic words, in the document as a whole.

    `unseen` is the weight of words that stand nowhere in the release: an invented name, another field. `cosine` is None
    where there is no vector.
    """

    words: float
    topic: float
    whole: float
    unseen: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class PlainEvidence:
    """The same for a plain text, which has no place, state or clause to check: `words` as above.

    `strength` and `gap` are the whole document's BM25, and its lead over the next document's, as shares of the most the
    question could reach; `margin` is the lead of its best passage over that of another document.
    """

    words: float
    strength: float
    margin: float
    gap: float


class Weigher:
    """Weighs the words of one question in one release."""

    def __init__(self, opened: OpenRelease, asked: Understanding) -> None:
        self._opened = opened
        self._asked = asked
        # An English question is weighed by the Chinese words of the field that it names: its own stand in no clause.
        chinese = " ".join(asked.related)
        self._all = self._weights(chinese if asked.english else asked.core)
        self._topic = self._weights(chinese if asked.english else asked.content)
        self._covers = _stand_ins(fold(asked.text))

    def weigh(self, hit: Hit) -> Evidence:
        passage = hit.passage
        own = self._held(_passage_words(passage))
        document = self._held(_passage_words(passage) + self._document_words(passage))
        return Evidence(
            words=_share(self._all, own),
            topic=_share(self._topic, own),
            whole=_share(self._topic, document),
            unseen=self.unseen,
            cosine=hit.dense,
        )

    def weigh_plain(self, hits: Sequence[Hit]) -> PlainEvidence:
        """The evidence for the leading hit, beside what came next."""
        lead = hits[0]
        other = next((hit.score for hit in hits if hit.passage.document != lead.passage.document), 0.0)
        wholes = self._opened.whole_scores(self._asked.terms)
        ceiling = max(self._opened.whole_ceiling(self._asked.terms), 1e-6)
        first, second = np.sort(np.append(wholes, [0.0, 0.0]))[::-1][:2]
        return PlainEvidence(
            words=_share(self._all, self._held(_passage_words(lead.passage))),
            strength=float(wholes[self._opened.place[lead.passage.document]]) / ceiling,
            margin=lead.score - other,
            gap=float(first - second) / ceiling,
        )

    @property
    def unseen(self) -> float:
        """The share of the topic's weight in words that no document of the release holds."""
        matched = self._opened.lexical.matched(dict.fromkeys(self._topic, 1.0))
        nowhere = {term for term, count in matched.items() if not count} - self._held_by_synonyms_anywhere()
        return _share(self._topic, nowhere)

    def _held_by_synonyms_anywhere(self) -> set[int]:
        return {term for form in self._covers for term in terms_of(form).tolist()}

    def _weights(self, text: str) -> dict[int, float]:
        """Each pair or word of a text with its idf; single 汉字 only where the text has nothing else."""
        terms = dict.fromkeys(terms_of(text).tolist())
        picked = [term for term in terms if term >= PAIR] or list(terms)
        matched = self._opened.lexical.matched(dict.fromkeys(picked, 1.0))
        size = max(self._opened.lexical.size, 1)
        return {term: float(np.log1p((size - n + 0.5) / (n + 0.5))) for term, n in matched.items()}

    def _held(self, text: str) -> set[int]:
        """The question's terms that a text holds, its own words or a stand-in for them."""
        folded = fold(text)
        held = set(terms_of(folded).tolist())
        for form, others in self._covers.items():
            if any(other in folded for other in others):
                held.update(terms_of(form).tolist())
        return held

    def _document_words(self, passage: Passage) -> str:
        return " ".join(other.text for other in self._opened.passages_of(passage.document))


def _passage_words(passage: Passage) -> str:
    return " ".join((*passage.path, passage.lead, passage.text))


def _stand_ins(folded: str) -> Mapping[str, Sequence[str]]:
    """Each form of the synonym file in a question, with the words that stand in for it."""
    book = wordbook()
    return {form: book.synonyms[form] for form in book.named(folded)} | {
        word: book.english[word].split() for word in book.named_in_english(folded)
    }


def _share(weights: Mapping[int, float], held: set[int]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0


_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+|[^。！？；!?;\n]+$")


def best_window(passage: Passage, asked: Understanding, longest: int) -> tuple[int, int]:
    """The run of whole sentences, at most `longest` characters, that holds most of the question's words.

    A passage that fits is quoted whole. Returns offsets into `passage.text`; a single longer sentence is not cut.
    """
    text = passage.text
    if len(text) <= longest:
        return 0, len(text)
    spans = [match.span() for match in _SENTENCE.finditer(text) if match.group().strip()] or [(0, 0)]
    weights = [_sentence_weight(text[start:end], asked) for start, end in spans]
    best, chosen = -1.0, spans[0]
    for first in range(len(spans)):
        total, last = 0.0, first
        while last < len(spans) and (last == first or spans[last][1] - spans[first][0] <= longest):
            total += weights[last]
            last += 1
        if total > best + 1e-9:
            best, chosen = total, (spans[first][0], spans[last - 1][1])
    return _trimmed(text, *chosen)


def _sentence_weight(sentence: str, asked: Understanding) -> float:
    held = set(terms_of(sentence).tolist())
    return sum(weight for term, weight in asked.terms.items() if term in held and term >= PAIR) / (
        1 + len(sentence) / 400
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip())
    return first, max(first, end - (len(piece) - len(piece.rstrip())))
