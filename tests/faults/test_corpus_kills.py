"""One kill -9 of the assistant's own command, some kinds of damage to the index; `make faults` runs more of each."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.bootstrap import build
from bot.settings import Settings
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from tests.faults import damage_rounds
from tests.faults.corpus_rounds import Ground, RoundError, check
from tests.support.policies import policies, write_corpus


def test_a_publish_command_that_is_killed_leaves_a_whole_release_and_the_next_one_finishes(tmp_path: Path) -> None:
    """What else the round does is done in this process: a command costs seconds to start."""
    write_corpus(tmp_path / "corpus", policies())
    (tmp_path / "desk").mkdir()
    settings = Settings.model_construct(
        data_dir=tmp_path / "data", corpus_dir=tmp_path / "corpus", embed_model="hashed", golden_file=tmp_path / "none",
        vector_store="none",
    )  # fmt: skip
    ground = Ground(tmp_path, build(settings))
    house = ground.house
    house.work.refresh()
    house.needs().register.put_staff(Staff("keeper", "管理员", frozenset({Role.ADMIN})), SYSTEM, house.clock.now())
    house.taking_in.add(ground.notice(), "keeper")
    ground.hand_on()
    ground.run("corpus", "publish", "--as", "keeper", point="file-written")
    check(ground, {0})
    done = house.publishing().publish(house.publishing().candidate(), None, "keeper")
    assert [draft.stage for draft in done.candidate.drafts] == ["in_review"]
    check(ground, {1})
    with pytest.raises(RoundError, match="revision 1 answers"):
        check(ground, {0})
    house.engine.dispose()


def test_damage_to_the_index_is_found_answered_over_and_built_again(tmp_path: Path) -> None:
    ground, dice = damage_rounds.Ground.at(tmp_path), random.Random(7)  # noqa: S311  # places, not secrets
    for _ in range(3):
        damage_rounds.one_round(ground, lambda at: damage_rounds.turned_byte(at, dice))
    damage_rounds.one_round(ground, damage_rounds.lost_segments)
    damage_rounds.one_round(ground, damage_rounds.lost_chroma)
