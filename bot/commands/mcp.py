"""`mcp`: the policies for an agent over standard input and output. Nothing but the protocol is written there."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from bot.bootstrap import House
from bot.commands.faults import CommandError
from bot.commands.house import house_of
from bot.logs import set_up
from bot.policy_lookups import PolicyLookups

MISSING = "尚未安装 MCP 组件。请先运行：make mcp"


def mcp(options: argparse.Namespace) -> int:
    if find_spec("mcp") is None:
        raise CommandError(MISSING)
    house = house_of(options)
    if house.reader.shelf() is None:
        raise CommandError("还没有政策索引。请先运行：python -m bot corpus index（或 make run）。")
    from bot.channels.mcp_door.server import mcp_server

    server = mcp_server(lookups_of(house))
    set_up(house.settings)  # the SDK sets up logging of its own
    server.run("stdio")
    return 0


def lookups_of(house: House) -> PolicyLookups:
    return PolicyLookups(house.pipeline, house.reader, house.clock)
