"""A dozen fictional needs to look around with, every one marked 演示, and the one undo that takes them away."""
