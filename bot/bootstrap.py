"""The only chooser of adapters: settings → the parts, wired. Whatever is heavy is imported where it is used."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from bot.accounts import Accounts
from bot.admission import Admission
from bot.clock import Clock, SystemClock
from bot.conversation import Conversation
from bot.dialogs.ask import AskDialog
from bot.filling import Filling
from bot.history import History
from bot.kept_answers import KeptAnswers
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore, SqlVectorCache
from bot.settings import Settings
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes
from rag.model_answers.following import Follower
from rag.model_answers.guarded import GuardedModel
from rag.model_answers.writing import Writer
from rag.pipeline import Limits, Pipeline
from rag.ports import Embedder, EmbedderError, VectorStore
from rag.reader import Reader
from rag.reranking import Reranking

if TYPE_CHECKING:
    from bot.arrivals import Arrivals
    from bot.console.parts import ConsoleParts, TelegramLinks
    from bot.corpus_rights import CorpusRights
    from bot.library import PublishedLibrary
    from bot.needs import Needs
    from bot.outlining import Outlining
    from bot.page_images import PageImages
    from bot.publishing import Publishing
    from bot.source_rounds import SourceRounds
    from bot.taking_in import TakingIn
    from rag.policies import Policy

CALENDAR_FILE = "calendar.toml"
"""In DATA_DIR: an administrator's own hours, holidays and make-up workdays; the console writes it."""


@dataclass(frozen=True)
class House:
    """Everything that is wired, for the doors and the command line. `notes` say what works less than it could.

    What needs pass through is wired when it is first asked for: searching policies costs nothing of it.
    """

    settings: Settings
    clock: Clock
    engine: Engine
    places: Indexes
    reader: Reader
    pipeline: Pipeline
    ask: AskDialog
    kept: KeptAnswers
    model: GuardedModel | None = None
    reranking: Reranking | None = None
    admission: Admission | None = None
    notes: list[str] = field(default_factory=list)

    def conversation(self) -> Conversation:
        return Conversation(
            self.ask,
            History(self.engine, self.clock),
            self.accounts(),
            history_turns=self.settings.history_turns,
            needs=self.needs(),
        )

    def needs(self) -> Needs:
        return self._needs

    @cached_property
    def _needs(self) -> Needs:
        needs = needs_of(self.engine, self.settings, self.clock)
        if self.model is None:
            return needs
        from bot.story_reading import StoryReading

        return replace(needs, story_model=StoryReading(self.model))

    @cached_property
    def outlining(self) -> Outlining:
        """What a model proposes that staff read of a need; one of it, so that no case is asked about twice at once."""
        from bot.outlining import Outlining

        return Outlining(self.needs(), self.model, self.admission)

    def accounts(self) -> Accounts:
        return Accounts(self.engine, self.clock)

    def library(self) -> PublishedLibrary:
        from bot.corpus_drafts import Drafts
        from bot.library import PublishedLibrary
        from bot.original_pages import OriginalPages

        originals = OriginalPages.of(self.page_images, Drafts(self.engine))
        return PublishedLibrary(self.reader, self.clock, self.notes, originals)

    @cached_property
    def work(self) -> CorpusWork:
        """Who publishes here: one at a time, from whichever door."""
        keep, store = self.settings.corpus_releases_kept, SqlReleaseStore(self.engine)
        return CorpusWork(
            self.settings.corpus_dir,
            self.places,
            self.reader,
            self.clock.now,
            forget=lambda: store.sweep(keep),
            fill=self.filling.fill,
        )

    @cached_property
    def filling(self) -> Filling:
        """Who embeds here: one at a time, whoever publishes."""
        return Filling(self.places, self.reader)

    @cached_property
    def taking_in(self) -> TakingIn:
        """Files on their way into the corpus, for whoever may do anything; people go through `rights`."""
        from bot.corpus_drafts import Drafts
        from bot.taking_in import TakingIn
        from rag.parsing import parse_file

        def known() -> list[Policy]:
            return self.work.corpus().policies

        return TakingIn(Drafts(self.engine), known, self._originals, self.clock.now, self.clock.today, parse_file)

    @cached_property
    def rights(self) -> CorpusRights:
        """What each of the staff may do to the corpus."""
        from bot.corpus_rights import CorpusRights

        return CorpusRights(self.taking_in, self.needs().reference)

    @cached_property
    def arrivals(self) -> Arrivals:
        """Files that are uploaded, read beside whoever brings them."""
        from bot.arrivals import Arrivals

        return Arrivals(self.taking_in, self._originals)

    @cached_property
    def page_images(self) -> PageImages:
        """Pages of the originals to look at; one for the house, so that only so many are drawn at once."""
        from bot.page_images import PageImages

        return PageImages(self.settings.data_dir / "page_images", self._originals)

    @property
    def _originals(self) -> Path:
        """The files that were taken in, as they came."""
        return self.settings.data_dir / "originals"

    def publishing(self) -> Publishing:
        """What is in review, into the corpus folder and live."""
        from bot.publishing import Publishing

        return Publishing(
            self.work,
            self.taking_in,
            self.clock.now,
            self.clock.today,
            self.settings.golden_file,
            two_persons=self.settings.publish_by_two,
        )

    def rounds(self, guard: Callable[[], AbstractContextManager[object]] = nullcontext) -> SourceRounds:
        """Looking at the sources of the corpus; `guard` is held while it publishes."""
        from bot.round_parts import rounds_of

        return rounds_of(
            self.engine, self.settings, self.clock, self.taking_in, self.publishing(), self.reader,
            self.needs().register.staff, guard=guard,
        )  # fmt: skip

    def console(self) -> ConsoleParts:
        from argon2 import PasswordHasher

        from bot.console.parts import ConsoleParts, Documents
        from bot.rehearsing import Rehearsals

        publishing = self.publishing()
        rehearsals = Rehearsals(publishing, self.clock.now)
        return ConsoleParts(
            documents=Documents(self.taking_in, self.arrivals, self.page_images, publishing, rehearsals),
            needs=self.needs(),
            outlining=self.outlining,
            accounts=self.accounts(),
            history=History(self.engine, self.clock),
            library=self.library(),
            reader=self.reader,
            places=self.places,
            corpus=self.work,
            rights=self.rights,
            pipeline=self.pipeline,
            kept=self.kept,
            rounds=self.rounds(),
            settings=self.settings,
            clock=self.clock,
            engine=self.engine,
            calendar_file=self.settings.data_dir / CALENDAR_FILE,
            take_calendar=self.follow_calendar,
            hasher=PasswordHasher(),
            https=self.settings.public_https,
            totp_required=self.settings.console_totp == "required",
            telegram=self._telegram_links(),
        )

    def _telegram_links(self) -> TelegramLinks | None:
        """Links of staff to Telegram; None where no bot is set up."""
        if not self.settings.telegram_bot_token.get_secret_value():
            return None
        from bot.channels.telegram_bot.store.staff import StaffLinks

        return StaffLinks(self.engine)

    def follow_calendar(self) -> bool:
        """Have everything go by the calendar's file as it stands now; whether it had changed. Raises CalendarError."""
        from intake.followed_calendar import FollowedCalendar

        calendar = self.needs().timing.calendar
        return isinstance(calendar, FollowedCalendar) and calendar.refresh()


def build(settings: Settings, clock: Clock | None = None, *, vectors: bool = True) -> House:
    """Wire the house. `vectors=False` works lexically whatever the settings say."""
    clock = clock or SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.sql_url)
    upgrade(engine)
    notes: list[str] = []
    embedder = _embedder(settings, notes) if vectors else None
    places = Indexes(
        store=SqlReleaseStore(engine),
        segments=SegmentFiles(settings.data_dir / "index" / "segments"),
        cache=SqlVectorCache(engine),
        embedder=embedder,
        vectors=_vectors(settings) if embedder else None,
        exact_scan_max=settings.exact_scan_max,
    )
    reader = Reader(places, settings.status_stale_days)
    limits = Limits(longest_question=settings.question_max_chars, dense_weight=settings.dense_weight)
    model = _language_model(settings, clock)
    reranking = reranking_of(settings)
    writer, follower = (Writer(model), Follower(model)) if model else (None, None)
    kept = KeptAnswers(engine, clock.now)
    pipeline = Pipeline(reader, clock.today, limits, writer, follower, reranking, kept)
    admission = Admission(settings.llm_per_user_day, clock.today) if model else None
    ask = AskDialog(pipeline, settings.fallback_contact, settings.question_max_chars, admission)
    return House(
        settings, clock, engine, places, reader, pipeline, ask, kept, model, reranking, admission, notes
    )  # fmt: skip


def _language_model(settings: Settings, clock: Clock) -> GuardedModel | None:
    if not settings.llm:
        return None
    from bot.language_model import guarded_model

    return guarded_model(settings, clock)


def needs_of(engine: Engine, settings: Settings, clock: Clock) -> Needs:
    """The parts of intake over this database. Default teams and societies are put in where there are none."""
    from bot.files import FolderFileStore
    from bot.licence_photos import LicencePhotos
    from bot.needs import Needs
    from bot.notices import Inbox, Notices
    from intake.consent_texts import load_consent
    from intake.docking import Docking
    from intake.followed_calendar import FollowedCalendar
    from intake.formbook import load_formbook
    from intake.handling import Handling
    from intake.privacy import Privacy
    from intake.reference import load_reference
    from intake.sla import Timing, load_targets
    from intake.store.cases import CaseStore
    from intake.store.drafts import Drafts
    from intake.store.files import unnamed
    from intake.store.parties import Parties
    from intake.store.people import People
    from intake.store.register import Register
    from intake.submission import Submission
    from rag.parsing.scan import is_installed

    timing = Timing(FollowedCalendar(settings.data_dir / CALENDAR_FILE), load_targets())
    notices = Notices(timing.calendar, gateway=bool(settings.notice_webhook_url.get_secret_value()))
    reference, register = load_reference(), Register(engine)
    formbook = load_formbook(reference)
    cases = CaseStore(engine, notices.tell)
    people = People(
        engine, load_consent(settings.fallback_contact, settings.retention_days, operator=settings.operator_name)
    )
    handling = Handling(cases, formbook, register, timing, clock.now)
    docking = Docking(cases, handling, Parties(engine), clock.now)
    register.seed(clock.now())
    docking.seed(clock.now())
    files = FolderFileStore(settings.data_dir / "files")
    return Needs(
        formbook=formbook,
        reference=reference,
        drafts=Drafts(engine),
        people=people,
        cases=cases,
        submission=Submission(cases, formbook, people, register, timing, clock.now),
        handling=handling,
        register=register,
        timing=timing,
        docking=docking,
        privacy=Privacy(cases, people, formbook, clock.now),
        files=files,
        clock=clock,
        inbox=Inbox(engine),
        licences=LicencePhotos(files, lambda digests: unnamed(engine, digests), pictures=is_installed()),
    )


def reranking_of(settings: Settings) -> Reranking | None:
    """The configured reranker; None where there is none."""
    if not settings.rerank_model:
        return None
    from rag.adapters.served_reranker import ServedReranker

    key = settings.rerank_api_key.get_secret_value()
    return Reranking(ServedReranker(settings.rerank_model, settings.rerank_base_url, key))


def _embedder(settings: Settings, notes: list[str]) -> Embedder | None:
    if settings.embed_model == "none":
        notes.append("未启用向量检索（EMBED_MODEL=none），按词语检索")
        return None
    if settings.embed_model == "hashed":
        from rag.adapters.hashed import HashedEmbedder

        return HashedEmbedder()
    if settings.embed_base_url:
        from rag.adapters.served_embedder import openai_compatible

        return openai_compatible(
            settings.embed_model, settings.embed_base_url, settings.embed_api_key.get_secret_value()
        )
    return _local(notes)


def _local(notes: list[str]) -> Embedder | None:
    from rag.adapters.local_embedder import LocalEmbedder

    embedder = LocalEmbedder()
    try:
        embedder.check()
    except EmbedderError:
        notes.append("本机不能运行自带的向量模型（缺少对应的安装包或 AVX2），按词语检索")
        return None
    return embedder


def _vectors(settings: Settings) -> VectorStore | None:
    if settings.vector_store == "none":
        return None
    from rag.adapters.chroma import embedded, served

    return served(settings.chroma_url) if settings.chroma_url else embedded(settings.data_dir / "index" / "chroma")
