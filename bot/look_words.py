"""A look at the sources in words: bot/wording/corpus_refresh.*.toml, for a notice, the console and the command line."""

from __future__ import annotations

from collections.abc import Iterator

from bot.look_summary import FileNews, Summary
from bot.phrases import Lang, Phrases

MOST = 12
"""Of each kind so many are named; of more it says how many."""

_KINDS = ("new", "changed", "broken", "quarantined", "missing", "back")


def summary_lines(summary: Summary, lang: Lang) -> list[str]:
    """What happened, the head first; a line each."""
    return list(_lines(summary, Phrases(lang, "corpus_refresh"), lang))


def _lines(summary: Summary, phrases: Phrases, lang: Lang) -> Iterator[str]:
    yield phrases.say("head" if summary.news else "head_quiet", unchanged=summary.unchanged)
    for kind in _KINDS:
        if found := summary.of(kind):
            yield phrases.say(f"files.{kind}", count=len(found))
            yield from (phrases.say("line", what=_file(one, phrases, lang)) for one in found[:MOST])
            if len(found) > MOST:
                yield phrases.say("more", count=len(found) - MOST)
    for news in summary.policies[:MOST]:
        yield phrases.say(f"policies.{news.kind}", title=news.title, day=news.day)
    if len(summary.policies) > MOST:
        yield phrases.say("more", count=len(summary.policies) - MOST)
    if phrases.has(f"publishing.{summary.publishing}"):
        yield phrases.say(f"publishing.{summary.publishing}", release=summary.release, detail=summary.detail)
    if summary.to_confirm or summary.in_review:
        yield phrases.say("waiting", to_confirm=summary.to_confirm, in_review=summary.in_review)


def _file(one: FileNews, phrases: Phrases, lang: Lang) -> str:
    if one.draft is not None and one.kind in {"new", "changed"}:
        return phrases.say("draft", file=one.file, draft=one.draft, title=one.title)
    return phrases.say("because", file=one.file, why=why_words(one.why, lang)) if one.why else one.file


def why_words(why: str, lang: Lang) -> str:
    """Why a file or a source is amiss."""
    own, parsing = Phrases(lang, "corpus_refresh"), Phrases(lang, "parsing")
    if own.has(f"why.{why}"):
        return own.say(f"why.{why}")
    return parsing.say(f"refused.{why}") if parsing.has(f"refused.{why}") else why
