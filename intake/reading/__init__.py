"""Typed answers: one reader per kind of step, each from a sentence to Read or Unread. Pure: they know no person."""
