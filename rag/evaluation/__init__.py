"""How good the answers are: golden questions and public sets → rows of figures. Start in `measuring.run`."""

from rag.evaluation.measuring import run

__all__ = ["run"]
