"""The national societies (全国学会) that ship and the starter matrix, as parties and rows for an empty register."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.cases import SYSTEM
from intake.parties import MatrixRow, Party, PartyType, normal_name
from intake.reference import DATA_FOLDER
from intake.store.parties import Parties
from intake.values import Frozen


class SocietyClass(Frozen):
    """理科, 工科 … with the societies in it."""

    label: str
    societies: tuple[str, ...]


class MatrixEntry(Frozen):
    """Whom a need of this industry may be taken to in this district ("*": any)."""

    district: str
    industry: str
    societies: tuple[str, ...]


class _Book(Frozen):
    as_of: str
    status: str
    source: str
    classes: tuple[SocietyClass, ...]
    matrix: tuple[MatrixEntry, ...]


@dataclass(frozen=True, slots=True)
class Societies:
    """Parties with ids made of their names, so that two processes seed the same ones, and rows that name them."""

    parties: tuple[Party, ...]
    matrix: tuple[MatrixRow, ...]


def load_societies(path: Path = DATA_FOLDER / "societies.toml") -> Societies:
    """None is verified. Raises where the file is wrong; KeyError where the matrix names a society not listed."""
    book = _Book(**tomllib.loads(path.read_text("utf-8")))
    parties = {
        name: Party(name, PartyType.SOCIETY, source=f"{book.source}：{group.label}", as_of=book.as_of, id=_id(name))
        for group in book.classes
        for name in map(normal_name, group.societies)
    }
    rows = tuple(
        MatrixRow(entry.district, entry.industry, parties[normal_name(name)].id)
        for entry in book.matrix
        for name in entry.societies
    )
    return Societies(tuple(parties.values()), rows)


def seed(parties: Parties, now: datetime) -> int:
    """Fill a register that holds no society, and a matrix without rows; how many parties were added."""
    shipped = load_societies()
    added = parties.seed(shipped.parties, SYSTEM, now)
    if added:
        parties.matrix.seed(shipped.matrix, SYSTEM, now)
    return added


def _id(name: str) -> str:
    return "s" + hashlib.sha256(name.encode()).hexdigest()[:9]
