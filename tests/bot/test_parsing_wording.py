"""Every reason, notice and kind of hiding that parsing knows has its words, in both languages."""

from __future__ import annotations

import pytest

from bot.phrases import Lang, Phrases
from rag.parsing import HiddenWhy, Notice, Reason


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_whatever_parsing_says_has_words(lang: Lang) -> None:
    phrases = Phrases(lang, "parsing")
    keys = [f"refused.{reason}" for reason in Reason]
    keys += [f"notice.{notice}" for notice in Notice] + [f"hidden.{why}" for why in HiddenWhy]
    assert [key for key in keys if not phrases.has(key)] == []
