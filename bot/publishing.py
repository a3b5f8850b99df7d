"""Publishing what is in review: plan → golden questions on the candidate → files into the corpus → release.

Nothing is written before the questions were asked and everything was checked. Files go in whole, one by one, then the
release: whatever is killed in between, the old release serves on, and the next run finishes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from bot.corpus_drafts import Draft, Drafts, Stage, StageError
from bot.refreshing import CorpusWork, Refreshed
from bot.taking_in import TakingIn, write_whole
from rag.corpus import Corpus, read_one
from rag.drafting import retired_card
from rag.evaluation.gate import Trial, try_out
from rag.evaluation.golden import read_golden
from rag.holding_back import held_back
from rag.indexing import Plan, Progress, make_plan, silent, version_of
from rag.models import Document, Level
from rag.policies import Policy


class SamePersonError(Exception):
    """Two have to look at it, and this is the one who handed it on."""

    def __init__(self, drafts: Sequence[int]) -> None:
        super().__init__(f"drafts {drafts} were submitted by who would publish them")
        self.drafts = tuple(drafts)


class BlockedError(Exception):
    """The golden questions do worse on the candidate, and nobody gave a reason to publish it all the same."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(f"{len(trial.falls)} figures fall")
        self.trial = trial


@dataclass(frozen=True, slots=True)
class Candidate:
    """The corpus as it would be. `files` are those to be written, by path in the folder; `ended` the older policies
    whose cards say from now on that another took their place."""

    documents: tuple[Document, ...]
    files: Mapping[str, str]
    drafts: tuple[Draft, ...]
    ended: tuple[str, ...]
    plan: Plan
    corpus: Corpus = field(repr=False)

    @property
    def key(self) -> str:
        """Stands for what would be published over what: another as soon as a text, a card or the live release is."""
        facts = [sorted(version_of(document) for document in self.documents), self.plan.add, self.plan.change]
        facts += [self.plan.retire, [draft.mark for draft in self.drafts]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Done:
    refreshed: Refreshed
    trial: Trial | None
    candidate: Candidate


class Publishing:
    """`golden` is the file of golden questions, None where there is none: then nothing is asked, and that is said."""

    def __init__(
        self,
        work: CorpusWork,
        taking_in: TakingIn,
        now: Callable[[], datetime],
        today: Callable[[], date],
        golden: Path | None = None,
        *,
        two_persons: bool = False,
    ) -> None:
        self._work = work
        self._taking_in = taking_in
        self._now = now
        self._today = today
        self._golden = golden
        self._two_persons = two_persons

    @property
    def drafts(self) -> Drafts:
        return self._taking_in.drafts

    def candidate(self) -> Candidate:
        """The folder with everything that is in review laid over it. Raises UnreadyError."""
        corpus = self._work.corpus()
        known = {policy.id: policy for policy in corpus.policies}
        documents = {document.id: document for document in corpus.documents}
        waiting = self.drafts.all((Stage.IN_REVIEW,))
        files: dict[str, str] = {}
        ended: list[str] = []
        coming: list[Document] = []
        for draft in waiting:
            document, text = self._taking_in.document(draft, known)
            documents[document.id] = document
            files[_place(document, corpus)] = text
            coming.append(document)
        for document in coming:  # once all are there: an older edition may come with the newer one
            ended += self._end_older(documents[document.id], documents, files, corpus)
        for held in held_back(corpus, self._work.places.store):
            documents.setdefault(held.id, held)
        plan = make_plan({d.id: version_of(d) for d in documents.values()}, self._work.places.store.live())
        return Candidate(tuple(documents.values()), files, tuple(waiting), tuple(ended), plan, corpus)

    def trial(self, candidate: Candidate, asked: Callable[[int, int], None] = lambda _done, _of: None) -> Trial | None:
        """The golden questions on the live corpus and on the candidate; None without questions or without a release.
        `asked` is told how many have been answered, of how many."""
        live = self._work.places.store.live()
        if self._golden is None or not self._golden.is_file() or live is None or candidate.plan.empty:
            return None
        before = [version.document for version in self._work.places.store.versions(live.documents.values())]
        return try_out(read_golden(self._golden), before, candidate.documents, self._today(), asked=asked)

    def publish(
        self, candidate: Candidate, trial: Trial | None, by: str, override: str = "", progress: Progress = silent
    ) -> Done:
        """Write the files and publish; the drafts are live before their vectors are made, which may take long. Raises
        SamePersonError, BlockedError, and what a refresh raises."""
        self.write(candidate, trial, by, override)
        refreshed = self._work.refresh(progress, embed=False)
        self.gone_live(candidate, refreshed, by, override)
        return Done(self._work.embed(refreshed, progress), trial, candidate)

    def write(self, candidate: Candidate, trial: Trial | None, by: str, override: str = "") -> None:
        """The first half of publishing: the files, once everything allows them. Raises SamePersonError, BlockedError,
        OSError."""
        if own := self.own(candidate, by):
            raise SamePersonError(own)
        if trial is not None and not trial.passed and not override:
            raise BlockedError(trial)
        for name, text in candidate.files.items():
            target = self._work.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, text.encode())

    def gone_live(self, candidate: Candidate, refreshed: Refreshed, by: str, override: str = "") -> None:
        """The last half: the drafts are live, now that a refresh has published their files. One that somebody opened
        again meanwhile stays a draft."""
        number = refreshed.published.release.number
        what = f"published {number}" + (f" although {override}" if override else "")
        for draft in candidate.drafts:
            with suppress(StageError):
                self.drafts.step(draft.id, Stage.LIVE, by, what, self._now())

    def own(self, candidate: Candidate, by: str) -> list[int]:
        """Drafts that this person may not publish, having handed them on: none where one person is enough."""
        return [d.id for d in candidate.drafts if self._handed_on_by(d) == by] if self._two_persons else []

    @property
    def asks(self) -> bool:
        """Whether there are golden questions to ask."""
        return self._golden is not None and self._golden.is_file()

    def held(self, name: str) -> Document | None:
        """A policy as it is now: as it was published, else as it lies in the folder."""
        store = self._work.places.store
        live = store.live()
        if live is not None and name in live.documents:
            return store.versions([live.documents[name]])[0].document
        return next((d for d in self._work.corpus().documents if d.id == name), None)

    def _handed_on_by(self, draft: Draft) -> str:
        steps = [step for step in self.drafts.steps(draft.id) if step.stage is Stage.IN_REVIEW]
        return steps[-1].by if steps else ""

    def _end_older(
        self, document: Document, documents: dict[str, Document], files: dict[str, str], corpus: Corpus
    ) -> list[str]:
        """Say on the cards of what this one takes the place of that it did, from the day it takes effect."""
        policy = document.policy
        ended: list[str] = []
        for older in policy.supersedes if policy else ():
            name = corpus.files.get(older) or (_place(documents[older], corpus) if older in documents else None)
            if policy is None or name is None or not (name in files or older in corpus.files):
                continue
            text = files.get(name) or (self._work.folder / name).read_text("utf-8")
            by = {
                "title": policy.title,
                "doc_no": policy.doc_no,
                "effective": policy.effective,
                "issued": policy.issued,
            }
            changed = retired_card(text, by, self._today().isoformat())
            found = read_one(name, changed) if changed else None
            if changed and isinstance(found, Document):
                files[name], documents[older] = changed, found
                ended.append(older)
        return ended


def _place(document: Document, corpus: Corpus) -> str:
    """The file of a policy in the folder: where it is already, else where the level says."""
    if (held := corpus.files.get(document.id)) is not None:
        return held
    policy = document.policy
    level = policy.level if policy else Level.CITY
    return f"{_folder(policy, level)}/{document.id}.md"


def _folder(policy: Policy | None, level: Level) -> str:
    from rag.jurisdictions import parse_place

    place = parse_place(policy.jurisdiction) if policy and level is Level.DISTRICT else None
    return f"{level.value}/{place.slug}" if place else level.value
