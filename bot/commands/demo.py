"""`demo load | undo`: a dozen fictional needs to look around with, and the one command that takes them away."""

from __future__ import annotations

import argparse

from bot.bootstrap import House
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.console.desk import signing_in_of
from bot.demo.demonstration import Demonstration
from bot.demo.marks import STAFF
from bot.demo.reading import AlreadyLoadedError, DemoError

TERMINAL = "terminal"


def load(options: argparse.Namespace) -> int:
    """Prints last who may look at them: an account of its own with a one-time password."""
    house = _house(options)
    try:
        cases = _demonstration(house).load()
        password = signing_in_of(house.console()).reset_password(STAFF.id, TERMINAL)
    except AlreadyLoadedError as error:
        raise CommandError("演示数据已经在了。要重新载入，先撤掉：python -m bot demo undo") from error
    except DemoError as error:
        raise CommandError(f"演示数据不能载入：{error}") from error
    finally:
        house.engine.dispose()
    _say(f"已载入 {len(cases)} 件演示需求（标题都以【演示】开头）。撤掉：python -m bot demo undo")
    for case in cases:
        _say(f"  {case.reference}  {case.title}")
    _say(f"到工作台 /console 查看：账号 {STAFF.id}，一次性密码 {password}（72 小时内有效，登录后须修改）")
    return 0


def undo(options: argparse.Namespace) -> int:
    house = _house(options)
    try:
        count = _demonstration(house).undo()
        signing_in = signing_in_of(house.console())
        signing_in.credentials.drop(STAFF.id)
        signing_in.sessions.end_all(STAFF.id)
    finally:
        house.engine.dispose()
    _say(f"已撤掉 {count} 件演示需求，账号 {STAFF.id} 已注销。" if count else "没有演示数据。")
    return 0


def _house(options: argparse.Namespace) -> House:
    options.no_vectors = True
    return house_of(options)


def _demonstration(house: House) -> Demonstration:
    return Demonstration(house.needs(), house.accounts(), house.clock.now)


def _say(text: str) -> None:
    print(text)  # noqa: T201  # what was asked for
