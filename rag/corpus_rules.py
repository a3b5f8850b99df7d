"""Faults between the cards of a corpus: relations that lead nowhere, policies that replace each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.faults import Fault, nearest
from rag.front_matter import Card, Path


def between_cards(cards: Sequence[Card]) -> Iterator[Fault]:
    ids = [card.policy.id for card in cards]
    known = frozenset(ids)
    for card in cards:
        yield from _dangling(card, ids, known)
    yield from _circles(cards)


def _dangling(card: Card, ids: Sequence[str], known: frozenset[str]) -> Iterator[Fault]:
    named: list[tuple[Path, str]] = [
        (("relations", n, "id"), relation.id) for n, relation in enumerate(card.policy.relations)
    ]
    named += [(("supersedes", n), older) for n, older in enumerate(card.policy.supersedes)]
    for path, name in named:
        if name not in known:
            guess = nearest(name, ids)
            mend = f"改成 {guess}，或删去这一项" if guess else "核对编号，或删去这一项"
            yield card.fault(path, f"{path[0]} 指向的 {name} 不在语料里", mend)


def _circles(cards: Sequence[Card]) -> Iterator[Fault]:
    """One fault a circle, at its first card in order. The walk is a stack: a chain may be long."""
    by_id = {card.policy.id: card for card in cards}
    done: set[str] = set()
    for start in by_id:
        trail: dict[str, Iterator[str]] = {start: iter(by_id[start].policy.supersedes)} if start not in done else {}
        while trail:
            at = next(reversed(trail))
            older = next(trail[at], None)
            if older is None:
                done.add(at)
                del trail[at]
            elif older in trail:
                circle = list(trail)[list(trail).index(older) :]
                yield by_id[older].fault(
                    ("supersedes",),
                    f"互相替代成了一圈：{' → '.join([*circle, older])}",
                    "supersedes 只写本文件替代掉的旧文件",
                )
            elif older in by_id and older not in done:
                trail[older] = iter(by_id[older].policy.supersedes)
