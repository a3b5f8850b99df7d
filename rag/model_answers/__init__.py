"""Answers written by a language model, and everything that keeps them true: see rag/model_answers/writing.py first."""
