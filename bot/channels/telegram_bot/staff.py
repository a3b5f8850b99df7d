"""Staff on Telegram: linking an account, binding a group to a team, claiming a case, and what administrators may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.channels.telegram_bot.cards import Cards
from bot.channels.telegram_bot.hall import Corpus, Hall
from bot.channels.telegram_bot.outcome import IGNORED, Outcome
from bot.channels.telegram_bot.parts import Button, Part
from bot.channels.telegram_bot.reading import Command
from bot.channels.telegram_bot.replies import say
from bot.channels.telegram_bot.store.chats import Chats
from bot.channels.telegram_bot.store.inbox import Taken
from bot.channels.telegram_bot.store.outgoing import Pressed
from bot.channels.telegram_bot.store.staff import StaffLinks
from bot.channels.telegram_bot.threads import in_thread
from bot.channels.telegram_bot.visits import Visit
from bot.channels.telegram_bot.words import Words
from bot.clock import SHANGHAI
from bot.corpus_rights import is_city_keeper
from bot.dialogs.words import Words as NeedsWords
from bot.logs import Redactor
from bot.needs import Needs
from intake.cases import Actor, Case, CaseState, Role
from intake.review import ReviewError
from intake.store.register import UnknownStaffError, UnknownTeamError

MOST_UNANSWERED = 20
_ADMINS = (Role.ADMIN, Role.EDITOR)
Run = Callable[[Visit, str], Awaitable[Outcome | None]]


class StaffRoom:
    """Without needs there are no staff, and every command of theirs is unknown."""

    def __init__(self, hall: Hall, links: StaffLinks, chats: Chats, cards: Cards | None) -> None:
        self._hall = hall
        self._links = links
        self._chats = chats
        self._cards = cards
        self._redact = Redactor()

    @property
    def commands(self) -> Mapping[str, Run]:
        if self._hall.needs is None:
            return {}
        return {
            "link": self.link,
            "unlink": self._unlink,
            "bind": self._bind_in_private,
            "corpus": self._corpus,
            "unanswered": self._unanswered,
        }

    async def link(self, visit: Visit, code: str) -> Outcome:
        words = visit.words
        if not code:
            return say(words.say("staff.link_how"))
        staff = await in_thread(self._links.redeem, code, visit.sender.id, self._hall.now())
        actor = await in_thread(self._actor, visit)
        if staff is None or actor is None:
            return say(words.say("staff.link_bad"))
        return say(words.say("staff.linked", name=actor.name))

    async def _unlink(self, visit: Visit, _argument: str) -> Outcome:
        done = await in_thread(self._links.unlink, visit.sender.id)
        return say(visit.words.say("staff.unlinked" if done else "staff.not_linked"))

    async def _bind_in_private(self, visit: Visit, _argument: str) -> Outcome:
        return say(visit.words.say("staff.bind_private"))

    async def in_group(self, visit: Visit, command: Command) -> Outcome:
        """/bind and /unbind, said in the group itself."""
        if self._hall.needs is None:
            return IGNORED
        return await in_thread(self._bind, visit, command, self._hall.needs)

    async def press(self, visit: Visit, pressed: Pressed) -> tuple[str, Outcome]:
        """A claim: what to say in the little window, and what becomes of the cards."""
        reference = pressed.action.get("claim")
        if self._hall.needs is None or self._cards is None or reference is None:
            return visit.words.say("trouble.stale"), IGNORED
        return await in_thread(self._claim, visit, str(reference), self._hall.needs, self._cards)

    async def corpus_pressed(self, visit: Visit, what: str) -> Outcome:
        """The buttons under /corpus: asking is not doing."""
        corpus, words = self._hall.corpus, visit.words
        if corpus is None or not await in_thread(self._keeps_all, visit):
            return say(words.say("staff.not_allowed"))
        if what == "refresh":
            row = (
                Button(words.say("button.refresh_yes"), {"corpus": "yes"}),
                Button(words.say("button.cancel"), {"corpus": "no"}),
            )
            return Outcome((Part(words.say("staff.corpus_confirm"), rows=(row,), owner=visit.sender.id),))
        if what == "no":
            return IGNORED
        return say(await in_thread(self._refreshed, visit, corpus))

    async def _corpus(self, visit: Visit, _argument: str) -> Outcome:
        corpus = self._hall.corpus
        if corpus is None or not await in_thread(self._keeps_all, visit):
            return say(visit.words.say("staff.not_allowed"))
        row = (Button(visit.words.say("button.refresh"), {"corpus": "refresh"}),)
        return Outcome((Part(await in_thread(corpus.status), rows=(row,), owner=visit.sender.id),))

    async def _unanswered(self, visit: Visit, _argument: str) -> Outcome:
        corpus = self._hall.corpus
        if corpus is None or not await in_thread(self._may, visit, (*_ADMINS, Role.COORDINATOR)):
            return say(visit.words.say("staff.not_allowed"))
        return await in_thread(self._listed, visit, corpus)

    def _listed(self, visit: Visit, corpus: Corpus) -> Outcome:
        words, found = visit.words, corpus.unanswered(MOST_UNANSWERED)
        if not found:
            return say(words.say("staff.unanswered_none"))
        rows = [
            words.say(
                "staff.unanswered_line",
                at=f"{one.at.astimezone(SHANGHAI):%m-%d %H:%M}",
                question=self._redact(one.question)[:80],
                status=one.status,
            )
            for one in found
        ]
        return say("\n".join([words.say("staff.unanswered_head"), *rows]))

    def _refreshed(self, visit: Visit, corpus: Corpus) -> str:
        try:
            return corpus.refresh()
        except Exception as fault:  # whatever it was, the person who asked is told, and the old release serves on
            return visit.words.say("staff.corpus_failed", reason=type(fault).__name__)

    def alerts(self, taken: Taken, reason: str) -> tuple[tuple[str, int, Part], ...]:
        """Word to linked administrators that a message could not be handled; nothing of what it said. Synchronous."""
        if self._hall.needs is None:
            return ()
        text = Words("zh").say("staff.alert", update=taken.update_id, reason=reason)
        linked = self._links.everybody()
        admins = [person.id for person in self._hall.needs.register.staff() if Role.ADMIN in person.roles]
        return tuple((f"alert:{taken.id}:{linked[one]}", linked[one], Part(text)) for one in admins if one in linked)

    def _actor(self, visit: Visit) -> Actor | None:
        """The staff account behind this Telegram user; None for anybody else, and once the account is retired."""
        staff = self._links.staff_of(visit.sender.id)
        if staff is None or self._hall.needs is None:
            return None
        try:
            return self._hall.needs.register.actor(staff, "telegram", self._hall.now())
        except UnknownStaffError:
            return None

    def _may(self, visit: Visit, roles: tuple[Role, ...]) -> bool:
        actor = self._actor(visit)
        return actor is not None and actor.has(*roles)

    def _keeps_all(self, visit: Visit) -> bool:
        actor = self._actor(visit)
        return actor is not None and is_city_keeper(actor)

    def _bind(self, visit: Visit, command: Command, needs: Needs) -> Outcome:
        words, actor = visit.words, self._actor(visit)
        if actor is None:
            return say(words.say("staff.not_linked"))
        if command.name == "unbind":
            bound = self._chats.get(visit.incoming.chat).team
            if bound is None or not self._leads(actor, bound, needs):
                return say(words.say("staff.not_allowed"))
            self._chats.bind(visit.incoming.chat, None, actor.id)
            return say(words.say("staff.unbound"))
        try:
            team = needs.register.team(command.argument)
        except UnknownTeamError:
            known = "、".join(f"{team.id}（{team.name}）" for team in needs.register.teams() if team.active)
            return say(words.say("staff.bind_how", teams=known))
        if not self._leads(actor, team.id, needs):
            return say(words.say("staff.not_allowed"))
        self._chats.bind(visit.incoming.chat, team.id, actor.id)
        return say(words.say("staff.bound", team=team.name))

    @staticmethod
    def _leads(actor: Actor, team: str, needs: Needs) -> bool:
        if actor.has(Role.COORDINATOR, Role.ADMIN):
            return True
        return any(member.lead and member.staff.id == actor.id for member in needs.register.members(team))

    def _claim(self, visit: Visit, reference: str, needs: Needs, cards: Cards) -> tuple[str, Outcome]:
        words, actor = visit.words, self._actor(visit)
        if actor is None:
            return words.say("staff.not_linked"), IGNORED
        try:
            case = needs.handling.act(actor, reference, "accept")
        except ReviewError as refused:
            reason = NeedsWords(words.lang).tell(refused.saying)
            return words.say("staff.refused", reason=reason), self._caught_up(reference, needs, cards)
        said = words.say("staff.claimed", name=actor.name)
        return words.say("staff.claimed_toast", reference=reference), Outcome(more=cards.claimed(case, said))

    def _caught_up(self, reference: str, needs: Needs, cards: Cards) -> Outcome:
        """Where somebody claimed it by another way, the cards say so now."""
        case = needs.cases.get(reference)
        if case is None or case.state is CaseState.SUBMITTED:
            return Outcome()
        return Outcome(more=cards.claimed(case, self._holder(case, needs)))

    def _holder(self, case: Case, needs: Needs) -> str:
        words = Words("zh")
        if case.assignee is None:
            return words.say("staff.taken")
        try:
            return words.say("staff.claimed", name=needs.register.person(case.assignee).name)
        except UnknownStaffError:
            return words.say("staff.taken")
