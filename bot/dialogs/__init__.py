"""One ability a file: ask; later submit, track, match."""
