"""Need → case in the review queue. Knows no channel and no rag."""
