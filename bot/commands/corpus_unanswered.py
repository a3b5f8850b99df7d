"""`corpus unanswered`: questions without an answer, a row for all that mean the same, and what is done about one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.bootstrap import House
from bot.channels.web_chat.words import Words
from bot.clock import SHANGHAI
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.commands.lines import print_line
from bot.console.words import load_words
from bot.corpus_rights import KEEPERS
from bot.history import History
from bot.question_vectors import QuestionVectors
from bot.unanswered import CAUSES, MOST_READ, Cluster, clusters, of_key
from bot.unanswered_marks import Mark, UnansweredMarks
from intake.staff import UnknownStaffError

LONGEST_DAYS = 365


def unanswered(options: argparse.Namespace) -> int:
    house, words = house_of(options), load_words()["zh"]
    board = _board(house, options)
    if options.mark:
        return _mark(house, board, options)
    rows = [one for one in board if options.all or not one.dealt_with]
    rows = [one for one in rows if not options.cause or any(name == options.cause for name, _ in one.causes)]
    for one in rows[: options.limit]:
        if options.json:
            print_line(json.dumps(_as_json(house, one), ensure_ascii=False))
        else:
            _tell(house, one, words)
    if not options.json:
        print_line(words("unanswered.total", count=sum(one.count for one in board)))
        if left := len(rows) - len(rows[: options.limit]):
            print_line(words("unanswered.left", count=left))
        if fallen := _fallen(house):
            print_line(words("unanswered.fallen", count=fallen))
    return 0


def _board(house: House, options: argparse.Namespace) -> list[Cluster]:
    if not 1 <= options.days <= LONGEST_DAYS:
        raise CommandError(f"--days 应为 1 到 {LONGEST_DAYS}。")
    if options.cause and options.cause not in CAUSES:
        raise CommandError(f"--cause 应为：{'、'.join(CAUSES)}。")
    misses = History(house.engine, house.clock).misses(MOST_READ)
    marks = UnansweredMarks(house.engine).all()
    vector = QuestionVectors(house.places.embedder).at_once
    return clusters(misses, marks, house.clock.now(), options.days, house.clock.today(), vector)


def _mark(house: House, board: Sequence[Cluster], options: argparse.Namespace) -> int:
    if not options.account:
        raise CommandError("请用 --as 写明您的工作账号。")
    try:
        actor = house.needs().register.actor(options.account, "cli", house.clock.now())
    except UnknownStaffError as fault:
        raise CommandError(f"没有工作账号 {options.account}，或已停用。") from fault
    if not actor.has(*KEEPERS):
        raise CommandError(f"账号 {options.account} 不是政策编辑或管理员。")
    found = of_key(board, options.mark)
    if found is None:
        raise CommandError(f"没有编号为 {options.mark} 的问题；编号是列表里每行开头的 12 位。")
    state = Mark.IGNORED if options.ignore else Mark.HANDLED
    marks, now = UnansweredMarks(house.engine), house.clock.now()
    marks.put(state, found.question, found.keys, actor.id, now, why=options.ignore or "", district=found.district)
    print_line(load_words()["zh"](f"done.unanswered_{state}"))
    return 0


def _tell(house: House, one: Cluster, words: Words) -> None:
    causes = "、".join(words(f"unanswered.cause.{name}") for name, _ in one.causes)
    trend = words(f"unanswered.trend.{one.trend}", recent=one.recent, before=one.before)
    counted = words("unanswered.counted", count=one.count, askers=one.askers)
    print_line(f"{one.key}  {one.question}")
    print_line(f"    {counted} {one.last.astimezone(SHANGHAI):%Y-%m-%d %H:%M} {trend} · {causes}")
    for title in _nearest(house, one):
        print_line(f"    {words('unanswered.nearest')} 《{title}》")
    if one.mark is not None and one.mark.state is not Mark.REOPENED:
        print_line(f"    {words('unanswered.again' if not one.dealt_with else f'done.unanswered_{_told(one)}')}")


def _told(one: Cluster) -> str:
    return "ignored" if one.mark is not None and one.mark.state is Mark.IGNORED else "handled"


def _as_json(house: House, one: Cluster) -> dict[str, object]:
    row = {name: value for name, value in asdict(one).items() if name not in {"keys", "mark"}}
    times = {name: row[name].isoformat() for name in ("first", "last")}
    mark = one.mark.state.value if one.mark else None
    return {
        **row,
        **times,
        "trend": one.trend,
        "nearest": _nearest(house, one),
        "mark": mark,
        "open": not one.dealt_with,
    }


def _nearest(house: House, one: Cluster) -> list[str]:
    held = house.places.store.passages(one.nearest) if one.nearest else {}
    return list(dict.fromkeys(held[key].path[0] for key in one.nearest if key in held))


def _fallen(house: House) -> int:
    return sum(kept.state == "suspended" for kept in house.kept.all())
