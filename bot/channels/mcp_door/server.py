"""Start here for the Model Context Protocol: three read-only tools over the published policies, by its official SDK."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from bot.phrases import Phrases
from bot.policy_lookups import MOST, Clauses, LookupFailed, PolicyLookups, Standing, WholePolicy

NAME = "kechuang-assistant"
T = TypeVar("T")

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
Query = Annotated[str, Field(min_length=1, max_length=300)]
Named = Annotated[str, Field(min_length=1, max_length=200)]
District = Annotated[str, Field(max_length=40)]
Limit = Annotated[int, Field(ge=1, le=MOST)]


def mcp_server(lookups: PolicyLookups) -> MCPServer[Any]:
    """The server, for any transport. What a tool returns is from the index, word for word; nothing is written."""
    words = Phrases("zh", "mcp")
    server: MCPServer[Any] = MCPServer(NAME, title=words.say("mcp.title"), instructions=words.say("mcp.use"))

    async def search_policies(
        query: Query, district: District | None = None, as_of: date | None = None, limit: Limit = 6
    ) -> Clauses:
        return await _told(words, partial(lookups.search, query, district, as_of, limit))

    async def get_policy(policy: Named, as_of: date | None = None) -> WholePolicy:
        return await _told(words, partial(lookups.whole, policy, as_of))

    async def policy_status(policy: Named, as_of: date | None = None) -> Standing:
        return await _told(words, partial(lookups.status, policy, as_of))

    for tool in (search_policies, get_policy, policy_status):
        server.add_tool(tool, description=words.say(f"mcp.{tool.__name__}"), annotations=READS)
    return server


async def _told(words: Phrases, look_up: Callable[[], T]) -> T:
    """Off the event loop; an outcome in words, a fault of ours without its own."""
    try:
        return await to_thread.run_sync(look_up)
    except LookupFailed as failed:
        raise ToolError(words.say(f"mcp.{failed.why}")) from None
