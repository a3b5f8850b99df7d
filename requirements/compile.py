"""Compiles the locks: hashes for every file, no index address, nothing that is never installed.

run.lock is what `make run` installs; dev.lock, bench.lock, ocr.lock and mcp.lock hold only what they add to it. They
are complete, so they are installed with --no-deps (which is also how pip honours the overrides of pyproject.toml).
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
COMMON = [
    sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet",
]  # fmt: skip


def blocks(text: str) -> dict[str, str]:
    """Package name → its whole entry (the requirement line and its hashes), in file order."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    kept = [entry for entry in entries if "sys_platform == 'never'" not in entry.splitlines()[0]]
    return {entry.splitlines()[0].split(" \\")[0]: entry for entry in kept}


def compile_lock(*arguments: str) -> dict[str, str]:
    return blocks(subprocess.run([*COMMON, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def main() -> None:
    (HERE / "bootstrap.lock").write_text("\n".join(blocks_of_uv().values()) + "\n")
    run = compile_lock("pyproject.toml")
    write("run", run)
    constraint = ["-c", str(HERE / "run.lock")]
    dev = compile_lock("pyproject.toml", "--group", "dev", *constraint)
    write("dev", {key: entry for key, entry in dev.items() if key not in run})
    bench = compile_lock("pyproject.toml", "--group", "dev", "--group", "bench", *constraint)
    write("bench", {key: entry for key, entry in bench.items() if key not in run and key not in dev})
    mcp = compile_lock("pyproject.toml", "--extra", "mcp", *constraint)
    write("mcp", {key: entry for key, entry in mcp.items() if key not in run})
    # The overrides of pyproject.toml drop onnxruntime, which is what reads scans.
    ocr = compile_lock("--no-config", str(HERE / "ocr.in"), *constraint)
    write("ocr", {key: entry for key, entry in ocr.items() if key not in run})


def blocks_of_uv() -> dict[str, str]:
    source = HERE / "bootstrap.in"
    return compile_lock(str(source))


def write(name: str, entries: dict[str, str]) -> None:
    (HERE / f"{name}.lock").write_text("\n".join(entries.values()) + "\n")


if __name__ == "__main__":
    main()
