"""The declarative base, for whoever maps classes. It shares the one metadata with the plain tables."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from db.schema import metadata as shared


class Base(DeclarativeBase):
    metadata = shared
