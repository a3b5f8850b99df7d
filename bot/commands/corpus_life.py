"""`corpus add | review | publish | coverage`: an admin's file from the folder it lies in to the published release."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.bootstrap import House
from bot.commands.corpus import Bar
from bot.commands.corpus_changes import Told
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.commands.lines import print_json, print_line
from bot.corpus_drafts import Draft, Stage, StageError, UnknownDraftError
from bot.corpus_rights import CorpusRights, RightsError
from bot.coverage import wanted_originals
from bot.ownership import OwnedElsewhereError, own
from bot.parsing_words import notice_words
from bot.phrases import Phrases
from bot.publishing import BlockedError, Candidate, Done, SamePersonError
from bot.taking_in import TakingIn, UnknownFieldError, UnreadyError, facts_of
from intake.cases import Actor
from intake.staff import UnknownStaffError
from rag.changes.figures import figures_missing
from rag.changes.releases import DocumentChange
from rag.corpus import read_corpus
from rag.drafting import FIELDS, REQUIRED
from rag.evaluation.gate import Trial
from rag.faults import render_faults
from rag.legal_time import state_on
from rag.models import Document
from rag.parsing import Refused
from rag.policies import Policy
from rag.proposing import RECKONED

_AROUND = 24
"""Characters shown on either side of a span."""

_FIGURES = 40
"""Figures of either text that the other lacks which are named."""

_NAMED = 20
"""Questions that do worse which are named."""


@dataclass(frozen=True)
class Desk:
    """Who is at it, and the words for them."""

    house: House
    phrases: Phrases
    options: argparse.Namespace

    @property
    def taking_in(self) -> TakingIn:
        return self.house.taking_in

    @property
    def rights(self) -> CorpusRights:
        return self.house.rights

    def say(self, key: str, **values: object) -> str:
        return self.phrases.say(key, **values)

    def tell(self, key: str, **values: object) -> None:
        for line in self.say(key, **values).split("\n"):
            print_line(line)

    def actor(self) -> Actor:
        """Who `--as` is; CommandError where nobody is named, RightsError where they are no keeper of the corpus."""
        account = self.options.account
        if not account:
            raise CommandError(self.say("error.as"))
        try:
            actor = self.house.needs().register.actor(account, "cli", self.house.clock.now())
        except UnknownStaffError as fault:
            raise CommandError(self.say("error.no_account", account=account)) from fault
        self.rights.reach(actor)
        return actor

    def city_actor(self) -> Actor:
        """As `actor`; RightsError where they may not do what concerns the corpus as a whole."""
        actor = self.actor()
        self.rights.require_city(actor)
        return actor

    def not_allowed(self, fault: RightsError) -> str:
        account, places = self.options.account, "、".join(fault.places) or "—"
        return self.say(f"rights.{fault.why}", account=account, places=places, named=fault.named)

    def refused(self, reason: str) -> str:
        """Why a file is not taken, in words where there are some."""
        parsing = Phrases(self.phrases.lang, "parsing")
        return parsing.say(f"refused.{reason}") if parsing.has(f"refused.{reason}") else reason


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Desk]:
    house = house_of(options)
    desk = Desk(house, Phrases(house.settings.default_lang, "corpus_life"), options)
    try:
        yield desk
    except UnknownDraftError as fault:
        raise CommandError(desk.say("error.unknown_draft", draft=fault.args[0])) from fault
    except UnknownFieldError as fault:
        raise CommandError(desk.say("error.unknown_field", field=fault.args[0], fields=" ".join(FIELDS))) from fault
    except StageError as fault:
        stage = desk.say(f"stage.{fault.stands}")
        raise CommandError(desk.say("error.stage", draft=fault.draft, stage=stage)) from fault
    except RightsError as fault:
        raise CommandError(desk.not_allowed(fault)) from fault
    except UnreadyError as fault:
        raise CommandError(_unready(desk, fault)) from fault
    finally:
        house.engine.dispose()


def add(options: argparse.Namespace) -> int:
    """Exit 1 where a file could not be read or is not for who takes it in; the others are taken in."""
    options.no_vectors = True
    with opened(options) as desk:
        actor, path = desk.actor(), Path(options.path)
        if not path.exists():
            raise CommandError(desk.say("error.no_file", file=path))
        files, failed = list(desk.taking_in.files(path)), 0
        for number, file in enumerate(files, start=1):
            if len(files) > 1:
                desk.tell("add.progress", done=number, of=len(files), file=file.name)
            failed += _add(desk, file, actor)
        if not files:
            raise CommandError(desk.say("error.no_files", folder=path))
        if len(files) > 1:
            desk.tell("add.sum", files=len(files), failed=failed)
    return 1 if failed else 0


def _add(desk: Desk, file: Path, actor: Actor) -> bool:
    """Whether it failed."""
    try:
        taken = desk.rights.add(actor, file)
    except Refused as fault:
        desk.tell("add.refused", file=file.name, why=desk.refused(str(fault.reason)))
        return True
    draft = taken.draft
    if taken.outcome == "failed":
        why = desk.refused(draft.why)
        desk.tell("add.failed", file=file.name, draft=draft.id, why=why, attempts=draft.attempts)
        return True
    if taken.outcome == "same":
        desk.tell("add.same", file=file.name, draft=draft.id, stage=_stage(desk, draft))
        return False
    desk.tell("add.taken", file=file.name, draft=draft.id, title=draft.title)
    _show(desk, draft)
    if (foreign := desk.rights.foreign(actor, draft)) is not None:
        desk.tell("add.foreign", draft=draft.id, why=desk.not_allowed(foreign))
        return True
    desk.tell("add.next", draft=draft.id)
    return False


def review(options: argparse.Namespace) -> int:
    options.no_vectors = True
    with opened(options) as desk:
        if options.draft is None:
            return _list(desk)
        draft = _changed(desk, desk.taking_in.drafts.get(options.draft))
        if options.json:
            print_json(facts_of(draft))
        elif options.text:
            desk.tell("review.text", text=draft.read.text)
        else:
            desk.tell("review.head", draft=draft.id, title=draft.title, file=draft.file_name, stage=_stage(desk, draft))
            _show(desk, draft)
            _steps(desk, draft)
    return 0


def _changed(desk: Desk, draft: Draft) -> Draft:
    """The draft after what the options ask for, in this order: reopen, set, clear, confirm, then submit or exclude."""
    options, rights = desk.options, desk.rights
    written = dict(_pair(desk, typed) for typed in options.set) | dict.fromkeys(options.clear)
    if not (written or options.confirm or options.submit or options.exclude or options.reopen):
        return draft
    actor = desk.actor()
    if options.reopen:
        draft = rights.reopen(actor, draft.id)
    if written:
        draft = rights.edit(actor, draft.id, written)
    if options.confirm:
        draft = rights.confirm(actor, draft.id, [n for typed in options.confirm for n in typed.split(",")])
    if options.exclude:
        return rights.exclude(actor, draft.id, options.exclude)
    return rights.submit(actor, draft.id) if options.submit else draft


def _pair(desk: Desk, typed: str) -> tuple[str, str]:
    name, equals, value = typed.partition("=")
    if not equals:
        raise CommandError(desk.say("error.set", typed=typed))
    return name.strip(), value


def _list(desk: Desk) -> int:
    stages = tuple(Stage) if desk.options.all else tuple(s for s in Stage if s not in {Stage.LIVE, Stage.EXCLUDED})
    found = desk.taking_in.drafts.all(stages)
    for draft in found:
        open_fields = [name for name in draft.card.fields if name not in draft.card.confirmed]
        desk.tell(
            "review.line", draft=draft.id, stage=_stage(desk, draft), title=draft.title, file=draft.file_name,
            open=len(open_fields),
        )  # fmt: skip
    if not found:
        desk.tell("review.none")
    return 0


def _stage(desk: Desk, draft: Draft) -> str:
    """Where it stands in words; of a live one what its policy is worth today, by the clock."""
    said = desk.say(f"stage.{draft.stage}")
    if draft.stage is Stage.LIVE:
        shelf = desk.house.reader.shelf()
        policy = shelf.catalogue.policy(str(draft.card.fields.get("id"))) if shelf else None
        if policy is None:
            return desk.say("stage.live_gone")
        stale = desk.house.settings.status_stale_days
        return desk.say("stage.live_as", state=state_on(policy, desk.house.clock.today(), stale).state.value)
    why = desk.refused(draft.why) if draft.stage is Stage.FAILED else draft.why
    return desk.say("stage.because", stage=said, why=why) if why else said


def _show(desk: Desk, draft: Draft) -> None:
    """What was understood, field by field, each with the place it was read at."""
    for name in FIELDS:
        value = draft.card.fields.get(name)
        mark = "confirmed" if name in draft.card.confirmed else "proposed" if value else "absent"
        if value or name in REQUIRED:
            shown = "、".join(map(str, value)) if isinstance(value, list) else str(value or "—")
            desk.tell(f"field.{mark}", name=desk.say(f"name.{name}"), field=name, value=shown)
        for start, end, why in draft.card.origins.get(name, ()):
            page = draft.read.page(start)
            key = "field.reckoned" if why in RECKONED else "field.origin"
            where = desk.say("field.page", page=page) if page else ""
            around = _around(draft.read.text, start, end)
            desk.tell(key, why=desk.say(f"why.{why}"), where=where, around=around, start=start, end=end)
    for remark in draft.read.remarks:
        desk.tell(f"remark.{remark}")
    for title in draft.read.unknown:
        desk.tell("remark.repeals_unknown", title=title)
    parsing = Phrases(desk.house.settings.default_lang, "parsing")
    for notice, count, *pages in draft.read.warnings:
        desk.tell("notice", words=notice_words(parsing, notice, count, *pages))
    for why, text in draft.read.hidden:
        desk.tell("hidden", why=why, text=text)
    if draft.read.same:
        _upgrade(desk, draft)


def _around(text: str, start: int, end: int) -> str:
    """The span in 【】 with what stands around it, on one line."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return f"{before}【{text[start:end][:200]}】{after}".replace("\n", " ")


def _upgrade(desk: Desk, draft: Draft) -> None:
    """The text beside what is held of this policy: what the digest has otherwise."""
    held = _held(desk, str(draft.read.same))
    diff = desk.taking_in.against(draft, held)
    if held is None or diff is None or held.policy is None:
        return
    kind = held.policy.text_kind
    desk.tell(f"upgrade.{kind}", id=held.id, title=held.title)
    for key, figures in (
        ("upgrade.only_held", figures_missing(held.text, draft.read.text)),
        ("upgrade.only_new", figures_missing(draft.read.text, held.text)),
    ):
        if figures:
            desk.tell(key, figures="、".join(figures[:_FIGURES]), count=len(figures))
    change = DocumentChange(held, Document(held.id, draft.title, draft.read.text), diff, ())
    for line in Told(desk.phrases).document(change):
        desk.tell("upgrade.line", line=line)


def _held(desk: Desk, name: str) -> Document | None:
    store = desk.house.places.store
    live = store.live()
    if live is not None and name in live.documents:
        return store.versions([live.documents[name]])[0].document
    return next((d for d in read_corpus(desk.house.settings.corpus_dir).documents if d.id == name), None)


def _steps(desk: Desk, draft: Draft) -> None:
    for step in desk.taking_in.drafts.steps(draft.id):
        desk.tell(
            "step", at=f"{step.at:%Y-%m-%d %H:%M}", by=step.by, stage=desk.say(f"stage.{step.stage}"), what=step.what,
            digest=step.file_digest[:12], parser=step.parser_version or "—",
        )  # fmt: skip


def publish(options: argparse.Namespace) -> int:
    with opened(options) as desk:
        publishing = desk.house.publishing()
        if options.plan:
            candidate = publishing.candidate()
            _plan(desk, candidate)
            _trial(desk, publishing.trial(candidate), candidate)
            return 0
        actor = desk.city_actor()
        with _publishing_alone(desk):
            candidate = publishing.candidate()
            _plan(desk, candidate)
            trial = publishing.trial(candidate)
            _trial(desk, trial, candidate)
            try:
                with Bar() as bar:
                    done = publishing.publish(candidate, trial, actor.id, options.override or "", bar.show)
            except SamePersonError as fault:
                raise CommandError(desk.say("error.same_person", drafts="、".join(map(str, fault.drafts)))) from fault
            except BlockedError as fault:
                raise CommandError(desk.say("error.blocked")) from fault
        _done(desk, done)
    return 0


@contextmanager
def _publishing_alone(desk: Desk) -> Iterator[None]:
    """Own the data folder. Where a server does, it publishes: CommandError says where."""
    try:
        with own(desk.house.settings.data_dir, "corpus publish"):
            yield
    except OwnedElsewhereError as fault:
        address = fault.owner.address if fault.owner else None
        if address is None:
            raise
        raise CommandError(desk.say("error.server", address=address)) from fault


def _plan(desk: Desk, candidate: Candidate) -> None:
    plan = candidate.plan
    desk.tell("plan.head", add=len(plan.add), change=len(plan.change), keep=len(plan.keep), retire=len(plan.retire))
    titles = {document.id: document.title for document in candidate.documents}
    for kind in ("add", "change", "retire"):
        for name in getattr(plan, kind):
            desk.tell(f"plan.{kind}", id=name, title=titles.get(name, ""))
    for name in candidate.ended:
        desk.tell("plan.ended", id=name, title=titles.get(name, ""))
    if candidate.corpus.faults:
        desk.tell("plan.faults", faults=render_faults(candidate.corpus.faults))


def _trial(desk: Desk, trial: Trial | None, candidate: Candidate) -> None:
    if trial is None:
        if not candidate.plan.empty:
            desk.tell("trial.none", file=desk.house.settings.golden_file)
        return
    desk.tell("trial.passed" if trial.passed else "trial.fell", questions=trial.questions)
    for fall in trial.falls:
        desk.tell("trial.fall", name=fall.name, before=f"{fall.before:.3f}", after=f"{fall.after:.3f}")
    for golden, measures in trial.worse[:_NAMED]:
        desk.tell("trial.worse", id=golden.id, question=golden.question.text, measures="、".join(measures))


def _done(desk: Desk, done: Done) -> None:
    published = done.refreshed.published
    if published.plan.empty:
        desk.tell("done.nothing", number=published.release.number)
    else:
        desk.tell("done.published", number=published.release.number, count=len(published.release.documents))
    for draft in done.candidate.drafts:
        desk.tell("done.live", draft=draft.id, title=draft.title)
    if done.refreshed.held:
        desk.tell("done.held", count=len(done.refreshed.held), names="、".join(done.refreshed.held[:10]))


def coverage(options: argparse.Namespace) -> int:
    options.no_vectors = True
    with opened(options) as desk:
        since = desk.house.clock.now() - timedelta(days=options.days)
        found = wanted_originals(desk.house.engine, _policies(desk), since)
        desk.tell("coverage.head", digests=len(found), days=options.days, asked=sum(one.questions > 0 for one in found))
        for one in found[: options.limit]:
            mark = desk.say("coverage.unread" if one.unread else "coverage.read")
            desk.tell("coverage.line", questions=one.questions, id=one.policy.id, title=one.policy.title, mark=mark)
    return 0


def _policies(desk: Desk) -> list[Policy]:
    shelf = desk.house.reader.shelf()
    return [policy for policy in shelf.catalogue.policies if policy] if shelf else []


def _unready(desk: Desk, fault: UnreadyError) -> str:
    parts = []
    if fault.missing:
        parts.append(desk.say("error.missing", fields=_names(desk, fault.missing)))
    if fault.unconfirmed:
        parts.append(desk.say("error.unconfirmed", fields=_names(desk, fault.unconfirmed)))
    if fault.faults:
        parts.append(desk.say("error.faults", faults=render_faults(fault.faults)))
    return "\n".join(parts)


def _names(desk: Desk, fields: tuple[str, ...]) -> str:
    return "、".join(f"{desk.say(f'name.{name}')}({name})" for name in fields)
