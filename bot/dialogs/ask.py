"""The ask dialog: a question and the talk so far → an answer, its words and the choices that go with it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import date

from bot.dialogs.wording_of_answers import AnswerText
from bot.messages import Choice, Reply
from bot.phrases import Lang, Phrases
from rag.models import Answer, AnswerStatus, Question, Turn
from rag.pipeline import Pipeline
from rag.ports import ReleaseStoreError

_log = logging.getLogger(__name__)


class AskDialog:
    """Asks the pipeline and puts its answer into words."""

    def __init__(self, pipeline: Pipeline, contact: str, longest_question: int) -> None:
        self._pipeline = pipeline
        self._phrases: dict[str, Phrases] = {lang: Phrases(lang) for lang in ("zh", "en")}
        self._texts = {lang: AnswerText(phrases, contact, longest_question) for lang, phrases in self._phrases.items()}

    def ask(
        self,
        text: str,
        *,
        lang: Lang = "zh",
        history: Sequence[Turn] = (),
        district: str | None = None,
        as_of: date | None = None,
        on_stage: Callable[[str], None] | None = None,
    ) -> Reply:
        question = Question(text, tuple(history), district, as_of)
        try:
            answer = self._pipeline.answer(question, on_stage or (lambda _stage: None))
        except ReleaseStoreError:
            _log.exception("the release store cannot be read")
            answer = Answer(AnswerStatus.NOT_READY, text)
        return self._reply(answer, lang)

    def topic(self, category: str, lang: Lang) -> Reply:
        """The examples of a category, after its button was pressed."""
        phrases = self._phrases[lang]
        label = phrases.say(f"ask.choice.{category}")
        examples = phrases.lists("examples")[category]
        choices = tuple(Choice(f"ask:{category}:{place}", text) for place, text in enumerate(examples))
        return Reply(AnswerStatus.CLARIFY.value, phrases.say("ask.choice.topic", category=label), choices)

    def example(self, choice: str, lang: Lang) -> str | None:
        """The question behind the button of an example; None for a button that was never made."""
        _, _, rest = choice.partition(":")
        category, _, place = rest.partition(":")
        examples = self._phrases[lang].lists("examples").get(category, [])
        return examples[int(place)] if place.isdecimal() and int(place) < len(examples) else None

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
            Choice(f"topic:{notice.values['category']}", phrases.say(f"ask.choice.{notice.values['category']}"))
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
