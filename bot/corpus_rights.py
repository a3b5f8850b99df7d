"""Who may do what to the corpus: the one door to it for people, whichever page or command they use.

Two levels. A city editor (no areas on the account, or the whole city) and an administrator may do everything. A
district editor proposes for the places on the account only: takes files in, confirms, edits and submits what is theirs,
and publishes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.corpus_drafts import Draft
from bot.taking_in import Taken, TakingIn, as_written
from intake.cases import ALL_AREAS, Actor, Role
from intake.reference import Reference
from rag.jurisdictions import parse_place
from rag.models import Level

KEEPERS = frozenset({Role.EDITOR, Role.ADMIN})

Why = Literal["role", "city_only", "not_yours", "place_first", "given_away", "other_policy"]
"""No keeper of the corpus at all · for city editors only · the draft is another place's · its place has to be written
first · it would become another place's · it would replace or end a policy of another place."""


class RightsError(Exception):
    """This person may not do this. `places` are their own, `named` what is in the way (a place, a policy's title).

    In words: `rights.<why>` of bot/wording/corpus_life.*.toml, with both.
    """

    def __init__(self, why: Why, places: Sequence[str] = (), named: str = "") -> None:
        super().__init__(f"{why}: {named}")
        self.why: Why = why
        self.places, self.named = tuple(places), named


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose policies somebody may propose: those of these places by name; None for all, and for publishing."""

    places: frozenset[str] | None

    @property
    def city(self) -> bool:
        return self.places is None

    def holds(self, level: object, jurisdiction: object) -> bool:
        """Whether a policy of this level and place is theirs."""
        if self.places is None:
            return True
        place = parse_place(str(jurisdiction or ""))
        return str(level) == Level.DISTRICT and place is not None and place.name in self.places


class CorpusRights:
    """`taking_in` does what is allowed; `reference` names the areas of accounts."""

    def __init__(self, taking_in: TakingIn, reference: Reference) -> None:
        self.taking_in = taking_in
        self._reference = reference

    def reach(self, actor: Actor) -> Reach:
        """Raises RightsError("role") for who is neither editor nor administrator.

        Whoever stands in for a colleague has the colleague's areas besides, which never narrows their own.
        """
        if not actor.has(*KEEPERS):
            raise RightsError("role")
        if is_city_keeper(actor):
            return Reach(None)
        return Reach(frozenset(place_names(actor.areas, self._reference)))

    def require_city(self, actor: Actor) -> None:
        """For what concerns the corpus as a whole: publishing, going back, sources, a refresh. Raises RightsError."""
        reach = self.reach(actor)
        if not reach.city:
            raise RightsError("city_only", sorted(reach.places or ()))

    def add(self, actor: Actor, path: Path) -> Taken:
        """Take a file in. What turns out not to be theirs is left for a city editor (`foreign` tells); what lies here
        already as another place's is left alone. Raises RightsError, and as TakingIn.add."""
        self.reach(actor)
        return self.taking_in.add(path, actor.id)

    def foreign(self, actor: Actor, draft: Draft) -> RightsError | None:
        """Why this draft is not theirs to go on with; None where it is."""
        reach, fields = self.reach(actor), draft.card.fields
        if reach.city or not _placed(fields) or reach.holds(fields.get("level"), fields.get("jurisdiction")):
            return None
        return RightsError("not_yours", sorted(reach.places or ()), str(fields.get("jurisdiction") or "—"))

    def confirm(self, actor: Actor, number: int, fields: Sequence[str], seen: str = "") -> Draft:
        """As TakingIn.confirm. Raises RightsError."""
        self._mine(actor, number)
        return self.taking_in.confirm(number, fields, actor.id, seen)

    def edit(
        self, actor: Actor, number: int, values: Mapping[str, str | Sequence[str] | None], seen: str = ""
    ) -> Draft:
        """As TakingIn.edit. Raises RightsError where it is another place's, before the edit or after it."""
        draft, reach = self._mine(actor, number), self.reach(actor)
        written = as_written(values)
        after = {**draft.card.fields, **written}
        if not reach.city and not reach.holds(after.get("level"), after.get("jurisdiction")):
            why: Why = "given_away" if _placed(draft.card.fields) or _placed(written) else "place_first"
            raise RightsError(why, sorted(reach.places or ()))
        self._others(reach, after)
        return self.taking_in.edit(number, values, actor.id, seen)

    def submit(self, actor: Actor, number: int, seen: str = "") -> Draft:
        """As TakingIn.submit. Raises RightsError, also where it would replace or end another place's policy."""
        draft, reach = self._mine(actor, number), self.reach(actor)
        fields = draft.card.fields
        if not reach.city and not reach.holds(fields.get("level"), fields.get("jurisdiction")):
            raise RightsError("place_first", sorted(reach.places or ()))
        self._others(reach, fields)
        return self.taking_in.submit(number, actor.id, seen)

    def exclude(self, actor: Actor, number: int, why: str, seen: str = "") -> Draft:
        self._mine(actor, number)
        return self.taking_in.exclude(number, why, actor.id, seen)

    def reopen(self, actor: Actor, number: int, seen: str = "") -> Draft:
        self._mine(actor, number)
        return self.taking_in.reopen(number, actor.id, seen)

    def _mine(self, actor: Actor, number: int) -> Draft:
        draft = self.taking_in.drafts.get(number)
        if (fault := self.foreign(actor, draft)) is not None:
            raise fault
        return draft

    def _others(self, reach: Reach, fields: Mapping[str, Any]) -> None:
        """No policy that is here and another place's is replaced or ended by the way."""
        if reach.city:
            return
        touched = {str(fields.get("id") or ""), *(fields.get("supersedes") or ())}
        for policy in self.taking_in.known():
            if policy.id in touched and not reach.holds(policy.level, policy.jurisdiction):
                raise RightsError("other_policy", sorted(reach.places or ()), policy.title)


def is_city_keeper(actor: Actor) -> bool:
    """Whether they may do what concerns the corpus as a whole, by themselves or for a colleague."""
    return keeps_city(actor.roles, actor.areas - actor.lent) or (actor.has(Role.EDITOR) and ALL_AREAS in actor.areas)


def keeps_city(roles: Set[Role], areas: Set[str]) -> bool:
    """Whether an account of these roles and areas of its own keeps the corpus as a whole."""
    return Role.ADMIN in roles or (Role.EDITOR in roles and (not areas or ALL_AREAS in areas))


def place_names(areas: Iterable[str], reference: Reference) -> set[str]:
    """The areas of an account (codes of intake's districts and zones) as the corpus names these places."""
    named = {}
    for option in (*reference.options("districts"), *reference.options("zones")):
        found = (parse_place(name) for name in (option.label, *option.aliases))
        place = next((place for place in found if place is not None and place.kind in ("district", "zone")), None)
        if place is not None:
            named[option.code] = place.name
    return {named[area] for area in areas if area in named}


def _placed(fields: Mapping[str, Any]) -> bool:
    """Whether the fields say whose it is. A level above the districts' says it without a place."""
    level = fields.get("level")
    return bool(fields.get("jurisdiction")) or bool(level and level != Level.DISTRICT)
