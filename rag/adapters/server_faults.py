"""A server's failure in the words of our ports. Its own text is left behind: it may carry what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx

from rag.adapters.bounded_http import TooLongError
from rag.ports import ModelFault

_STATUS: Mapping[int, ModelFault] = {429: "limited", 401: "denied", 403: "denied", 402: "denied", 408: "timeout"}


def fault_of_status(status: int) -> ModelFault:
    """Of an answer that is no 2xx."""
    return _STATUS.get(status, "server" if status >= 500 else "unsupported")


def fault_of(fault: BaseException) -> ModelFault:
    """Of whatever an HTTP client, or LangChain around it, raised."""
    status = getattr(fault, "status_code", None)
    if isinstance(status, int):
        return fault_of_status(status)
    chain = list(_causes(fault))
    kinds = {type(each).__name__ for each in chain}
    if any(isinstance(each, TooLongError) for each in chain):
        return "too_long"
    if any(isinstance(each, httpx.TimeoutException) or "Timeout" in type(each).__name__ for each in chain):
        return "timeout"
    if kinds & {"LengthFinishReasonError", "ContentFilterFinishReasonError"}:
        return "refused" if "ContentFilterFinishReasonError" in kinds else "too_long"
    if kinds & {"RemoteProtocolError", "ReadError"}:
        return "cut"
    return "unreachable" if kinds & {"APIConnectionError", "ConnectError", "ElsewhereError"} else "broken"


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__
