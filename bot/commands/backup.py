"""`backup` and `restore`: everything that counts in one file, and back, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from bot.backup_format import ORIGINALS, BackupError, Manifest
from bot.backups import back_up
from bot.clock import SHANGHAI, SystemClock
from bot.commands.corpus import say
from bot.commands.faults import CommandError
from bot.commands.house import settings_of
from bot.ownership import own
from bot.restoring import restore as put_back
from bot.settings import Settings
from db.engine import make_engine


def backup(options: argparse.Namespace) -> int:
    """Works while `serve` runs: nothing is locked and nobody waits."""
    settings, target = settings_of(options), Path(options.file)
    if target.is_dir():
        raise CommandError(f"{target} 是文件夹。请写出备份文件的名称，例如 {target / 'kechuang.tar.gz'}")
    if not target.parent.is_dir():
        raise CommandError(f"文件夹 {target.parent} 不存在，请先建立。")
    with _database(settings) as engine:
        manifest = back_up(engine, settings.data_dir, target, SystemClock().now(), originals=not options.no_originals)
    say(f"已备份到 {target}（{_size(target)}）：{_contents(manifest)}。")
    if not manifest.holds_originals:
        say("收录文件的原件没有收入（--no-originals）：请另外保存数据目录里的 originals。")
    say("其中有个人信息：文件只有当前用户可读，请妥善保管，到期删除。向量未收入，恢复后自动重新生成。")
    return 0


def restore(options: argparse.Namespace) -> int:
    settings, file = settings_of(options), Path(options.file)
    with own(settings.data_dir, "restore"), _database(settings) as engine:
        done = put_back(engine, settings.data_dir, file, force=options.force)
    moment = f"{done.manifest.created_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    say(f"已恢复到 {moment} 的状态：{_contents(done.manifest)}；办理记录的哈希链全部核对无误。")
    if done.migrated:
        say(f"数据结构已从 {done.manifest.schema_revision} 升级到本程序的版本。")
    say("备份之后发出过的通知可能会再发一次。向量在下次启动后自动重新生成。")
    return 0


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    """The database as it is: not migrated, nothing put in. What cannot be done is said in one line."""
    engine = make_engine(settings.sql_url)
    try:
        yield engine
    except BackupError as fault:
        raise CommandError(str(fault)) from fault
    finally:
        engine.dispose()


def _contents(manifest: Manifest) -> str:
    files, cases = len(manifest.of("files")), manifest.counts.get("cases", 0)
    missing = f"（另有 {len(manifest.missing)} 个已不在）" if manifest.missing else ""
    kept = len(manifest.of(ORIGINALS))
    originals = f"，{kept} 份原件（{_bytes(manifest.size_of(ORIGINALS))}）" if kept else ""
    return f"{cases} 件需求，{files} 个文件{missing}{originals}，{sum(manifest.counts.values())} 行数据"


def _size(path: Path) -> str:
    return _bytes(path.stat().st_size)


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
