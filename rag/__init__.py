"""Question → answer; document → index. Knows no user, channel, case, setting or row."""
