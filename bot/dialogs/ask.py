"""The ask dialog: a question and the talk so far → an answer, its words and the choices that go with it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date

from bot.admission import Admission
from bot.dialogs.footnotes import FootnotedText
from bot.messages import Choice, Reply
from bot.phrases import Lang, Phrases
from intake.reading.sensitive import without_numbers
from rag.models import Answer, AnswerStatus, Question, Turn
from rag.pipeline import Pipeline
from rag.ports import ReleaseStoreError

_log = logging.getLogger(__name__)

TOPIC = "topic:"


class AskDialog:
    """Asks the pipeline and puts its answer into words. `contact` is whom to ask where it does not know."""

    def __init__(
        self, pipeline: Pipeline, contact: str, longest_question: int, admission: Admission | None = None
    ) -> None:
        """`admission` is there where a language model is."""
        self._pipeline = pipeline
        self._admission = admission
        self.contact = contact
        self._phrases: dict[str, Phrases] = {lang: Phrases(lang) for lang in ("zh", "en")}
        self._texts = {
            lang: FootnotedText(phrases, contact, longest_question) for lang, phrases in self._phrases.items()
        }

    def ask(
        self,
        text: str,
        *,
        lang: Lang = "zh",
        history: Sequence[Turn] = (),
        district: str | None = None,
        as_of: date | None = None,
        on_stage: Callable[[str], None] | None = None,
        private: bool = False,
        account: str | None = None,
    ) -> Reply:
        """`private` words are searched for as they are: no embedder and no model sees them. No number is sought.

        `account` is whose share of the language model is used; nobody's where it is None.
        """
        question = Question(without_numbers(text), tuple(history), district, as_of, private)
        try:
            with self._admission.one(account) if self._admission and account else nullcontext(True) as aided:
                asked = replace(question, aided=aided)
                answer = self._pipeline.answer(asked, on_stage or (lambda _stage: None))
        except ReleaseStoreError:
            _log.exception("the release store cannot be read")
            answer = Answer(AnswerStatus.NOT_READY, text)
        return self._reply(answer, lang)

    def parts(self, reply: Reply, lang: Lang) -> list[str]:
        """The reply with footnotes, in the pieces that a program gets it in (see bot/dialogs/footnotes.py)."""
        return [reply.text] if reply.answer is None else self._texts[lang].parts(reply.answer)

    def topic(self, choice: str, lang: Lang) -> Reply | None:
        """The examples of a category, after its button was pressed; None for any other button."""
        phrases, category = self._phrases[lang], choice.removeprefix(TOPIC)
        examples = phrases.lists("examples").get(category)
        if not choice.startswith(TOPIC) or examples is None:
            return None
        label = phrases.say(f"ask.choice.{category}")
        choices = tuple(Choice(f"ask:{category}:{place}", text) for place, text in enumerate(examples))
        return Reply(AnswerStatus.CLARIFY.value, phrases.say("ask.choice.topic", category=label), choices)

    def words_of(self, choice: str, lang: Lang) -> str | None:
        """What a button says: the question of an example, the name of a category; None for one that was never made."""
        kind, _, rest = choice.partition(":")
        category, _, place = rest.partition(":")
        examples = self._phrases[lang].lists("examples").get(category)
        if examples is None:
            return None
        if kind == "topic":
            return self._phrases[lang].say(f"ask.choice.{category}")
        return next((text for number, text in enumerate(examples) if place == str(number)), None)

    def say(self, key: str, lang: Lang, **values: object) -> str:
        return self._phrases[lang].say(key, **values)

    def failed(self, lang: Lang) -> Reply:
        """The one apology, with a code that stands in the log."""
        reference = uuid.uuid4().hex[:8]
        _log.exception("question failed, reference %s", reference)
        return Reply(AnswerStatus.INTERNAL.value, self.say("ask.status.error_internal", lang, reference=reference))

    def _reply(self, answer: Answer, lang: Lang) -> Reply:
        phrases = self._phrases[lang]
        choices = tuple(
            Choice(f"{TOPIC}{notice.values['category']}", phrases.say(f"ask.choice.{notice.values['category']}"))
            for notice in answer.choices
            if notice.key == "topic_choice"
        )
        return Reply(
            status=answer.status.value,
            text=self._texts[lang].of(answer),
            choices=choices,
            citations=answer.citations,
            answer=answer,
        )
