"""What staff wrote → an approved answer that may stand, or every reason why not. Pure over the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from rag.approved import ground_on
from rag.citations import figures
from rag.guardrails import guard
from rag.models import AnswerStatus, ApprovedAnswer, Ground
from rag.reader import Shelf
from rag.sameness import key_of, one_answer, sense_of

LONGEST_TEXT, LONGEST_WORDING, LONGEST_BY = 2_000, 300, 60
MOST_WORDINGS, MOST_GROUNDS = 30, 12
LONGEST_LIFE = timedelta(days=730)
_BESIDE = {AnswerStatus.NO_PROMISE, AnswerStatus.OFF_TOPIC}
"""What a guard says of a wording that staff may answer all the same."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was filled in. `quotes` are the words quoted of each passage that was picked; dates as they were typed."""

    text: str = ""
    wordings: tuple[str, ...] = ()
    quotes: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    day: str = ""
    until: str = ""
    by: str = ""
    figures_checked: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer where nothing is wrong. `wrong` are keys of the wording files by field, `named` what goes into them;
    `passages` says what is wrong with a quote, by passage; `figures` are those of the text that stand in no quote."""

    answer: ApprovedAnswer | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    passages: Mapping[str, str] = field(default_factory=dict)
    figures: tuple[str, ...] = ()


def judge(
    written: Written,
    shelf: Shelf,
    today: date,
    standing: Iterable[ApprovedAnswer],
    *,
    replaces: int | None = None,
    within: frozenset[str] | None = None,
) -> Judged:
    """`standing` are the answers that stand already; `within` the places that the writer keeps (None: all)."""
    wrong: dict[str, str] = {}
    named: dict[str, str] = {}
    grounds, passages = _grounds(written.quotes, shelf, today)
    loose = tuple(sorted(figures(written.text) - set().union(*(figures(ground.quote) for ground in grounds))))
    day, until = _days(written, today, wrong)
    _check_words(written, today, wrong, named)
    if within is not None and written.place not in within:
        wrong["place"], named["place"] = "place_not_yours", "、".join(sorted(within))
    if not grounds and not passages:
        wrong["grounds"] = "no_ground"
    elif passages:
        wrong["grounds"] = "bad_ground"
    elif len(grounds) > MOST_GROUNDS:
        wrong["grounds"] = "many_grounds"
    if loose and not written.figures_checked:
        wrong["figures"] = "loose_figures"
    others = [answer for answer in standing if answer.id != replaces and answer.place == written.place]
    if "wordings" not in wrong and (taken := _taken(written.wordings, others, today)):
        wrong["wordings"], named["wordings"] = "wording_taken", taken
    if wrong or day is None or until is None:
        return Judged(None, wrong, named, passages, loose)
    wordings = tuple(dict.fromkeys(written.wordings))
    made = ApprovedAnswer(0, written.text, wordings, grounds, written.place, day, until, written.by)
    return Judged(made, figures=loose)


def _grounds(quotes: Mapping[str, str], shelf: Shelf, today: date) -> tuple[tuple[Ground, ...], dict[str, str]]:
    """The grounds that hold, and what is wrong with the others by passage."""
    found: list[Ground] = []
    wrong: dict[str, str] = {}
    for passage, quote in quotes.items():
        if passage not in shelf.opened.ordinal:
            wrong[passage] = "passage_gone"
            continue
        held = shelf.opened.passages([passage])[0]
        standing = shelf.catalogue.standing(shelf.catalogue.place[held.document], today)
        ground = ground_on(held, quote, shelf)
        if standing is not None and standing.state.retired:
            wrong[passage] = "passage_retired"
        elif ground is None:
            wrong[passage] = "not_verbatim"
        else:
            found.append(ground)
    return tuple(found), wrong


def _days(written: Written, today: date, wrong: dict[str, str]) -> tuple[date | None, date | None]:
    day, until = _day(written.day), _day(written.until)
    if day is None or day > today:
        wrong["day"] = "day"
    if until is None or until < today or (day is not None and until > day + LONGEST_LIFE):
        wrong["until"] = "until"
    return day, until


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _check_words(written: Written, today: date, wrong: dict[str, str], named: dict[str, str]) -> None:
    if not written.text.strip():
        wrong["text"] = "no_text"
    if not written.by:
        wrong["by"] = "no_by"
    if not written.wordings:
        wrong["wordings"] = "no_wording"
    elif len(written.wordings) > MOST_WORDINGS:
        wrong["wordings"] = "many_wordings"
    for wording in written.wordings:
        if (why := _unfit(wording, written.place, today)) is not None:
            wrong["wordings"], named["wordings"] = why, wording
            return


def _unfit(wording: str, place: str, today: date) -> str | None:
    """Why nobody could ever get an answer to this wording."""
    checked = guard(wording, LONGEST_WORDING)
    if checked.cut or (checked.stop is not None and checked.stop not in _BESIDE):
        return "wording_guarded"
    sense = sense_of(checked.text, today)
    if not sense.content and not sense.words:
        return "wording_empty"
    return "wording_elsewhere" if sense.places - {place} else None


def _taken(wordings: Sequence[str], standing: Iterable[ApprovedAnswer], today: date) -> str:
    """A wording that another answer is given to already."""
    senses = {wording: sense_of(wording, today) for wording in wordings}
    for answer in standing:
        for other in answer.wordings:
            sense = sense_of(other, today)
            found = next((said for said, mine in senses.items() if one_answer(mine, sense)), None)
            if found is not None:
                return found
    return ""


def wordings_in(text: str) -> tuple[str, ...]:
    """One a line, as they were typed; the same wording once."""
    lines = {key_of(line): line.strip() for line in reversed(text.splitlines()) if line.strip()}
    return tuple(reversed(lines.values()))
