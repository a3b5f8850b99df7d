"""A backup is one moment, whole or refused; it is put back complete, on either database, from either."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import sys
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError

from bot.__main__ import main
from bot.accounts import Accounts, accounts, persons
from bot.backup_format import LEFT_OUT, BackupError, unpack
from bot.backups import back_up
from bot.clock import FixedClock
from bot.corpus_tables import releases, vectors
from bot.files import FolderFileStore
from bot.outbox import enqueue, outbox
from bot.ownership import own
from bot.restoring import restore
from db.engine import make_engine, reading, writing
from db.migrating import head, migrate, revision, tables_at
from intake.cases import SYSTEM, Case, CaseState, Event, Private, owner
from intake.store.cases import CaseStore, broken_chains, verify_chain
from intake.store.drafts import Attachment
from intake.store.tables import case_events, drafts, register_log
from intake.values import Answered
from tests.support.bureau import bureau_of

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

NOTICE = b"%PDF-1.7 notice"
ORIGINAL = f"originals/{hashlib.sha256(NOTICE).hexdigest()}.pdf"


@dataclass(frozen=True)
class Home:
    """A data folder and its database."""

    engine: Engine
    data_dir: Path

    @property
    def store(self) -> CaseStore:
        return CaseStore(self.engine, lambda connection, telling, at: None)


Homes = Callable[[], Home]


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> Iterator[Homes]:
    """Makes homes without anything in them."""
    made: list[Engine] = []

    def make() -> Home:
        folder = tmp_path / f"home-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        made.append(make_engine(f"sqlite:///{folder / 'assistant.db'}"))
        return Home(made[-1], folder)

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture(scope="session")
def _spare_postgres(postgres_url: str) -> Iterator[Engine]:
    """A second database beside the one of the session: creating and dropping one waits for the disk."""
    url, name = make_url(postgres_url), f"restored_{uuid.uuid4().hex[:12]}"
    admin = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    spare = make_engine(url.set(database=name))
    yield spare
    spare.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def fresh_postgres(tmp_path: Path, _spare_postgres: Engine) -> Homes:
    """Makes homes without anything in them; each is the end of the one before."""

    def make() -> Home:
        with writing(_spare_postgres) as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        folder = tmp_path / f"home-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        return Home(_spare_postgres, folder)

    return make


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest) -> Homes:
    homes: Homes = request.getfixturevalue(f"fresh_{request.param}")
    return homes


@pytest.fixture
def home(engine: Engine, data_dir: Path, clock: FixedClock) -> Home:
    """A house that has been lived in: two cases, a file, an original, a notice, a release, a vector."""
    here = Home(engine, data_dir)
    wang = Accounts(engine, clock).of("web", "wang")
    stored = FolderFileStore(data_dir / "files").put([b"%PDF-1.7 ", b"\x00\xff"])
    for number in range(2):
        submit(here.store, number, wang.id, wang.person, [Attachment(stored.digest, "指标.pdf", "application/pdf", 11)])
    accept(here.store, "KC26-0")
    segment = data_dir / "index" / "segments" / "0a1b2c3d4e5f60718293.npz"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(b"postings")
    (segment.parent / "unnamed.npz").write_bytes(b"of no release")
    (data_dir / "originals").mkdir()
    (data_dir / ORIGINAL).write_bytes(NOTICE)
    with writing(engine) as connection:
        enqueue(connection, "k", wang.id, "case.accepted", {"reference": "KC26-0", "备注": "\ud800"}, NOW)
        connection.execute(
            releases.insert().values(
                id="r1", number=1, created_at=NOW, manifest="{}", segments=json.dumps([segment.stem, "gone"])
            )
        )
        connection.execute(vectors.insert().values(embedder="hashed", passage="p", vector=b"\x00\x01"))
        connection.execute(
            register_log.insert().values(
                at=NOW, actor="admin", what="team", key="t1", before=None, after={"b": [1, None]}
            )
        )
    return here


def submit(
    store: CaseStore, number: int, account: str = "a", person: str = "p", files: list[Attachment] | None = None
) -> Case:
    case = Case(
        f"c{number}", f"KC26-{number}", "technology", 1, CaseState.SUBMITTED, person, account, "web", "zh",
        "高盐废水膜技术", "寻找能长期运行的膜", "on_match", NOW, NOW,
        {"title": Answered(value="高盐废水膜技术"), "area": Answered(value=("a", "b"))}, draft=f"d{number}",
    )  # fmt: skip
    event = Event("submit", owner(person, "web"), NOW, ("owner:receipt",), to_state=CaseState.SUBMITTED, public=True)
    with store.writing() as transaction:
        transaction.insert(case, Private({"contact_name": Answered(value="张工")}, f"Q{number}", f"key{number}"))
        transaction.attach(case.id, files or [], person, NOW)
        return transaction.first_event(case, event)


def accept(store: CaseStore, reference: str) -> Case:
    with store.writing() as transaction:
        case = transaction.case(reference)
        assert case is not None
        event = Event("accept", SYSTEM, NOW, ("none",), case.state, CaseState.ACCEPTED, {"rev": case.rev}, "周三再谈")
        return transaction.change(replace(case, state=CaseState.ACCEPTED), event)


def rows(engine: Engine) -> dict[str, list[Any]]:
    """Everything in the database but what a backup leaves out and the kind of database decides."""
    from db.schema import metadata

    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
            if table.name not in LEFT_OUT
        }


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("files", "index", "originals")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The backup with members changed, or dropped (None)."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            stream = old.extractfile(entry)
            assert stream is not None
            body = change(entry.name, stream.read())
            if body is not None:
                entry.size = len(body)
                new.addfile(entry, io.BytesIO(body))
    return target


@pytest.fixture
def backup(home: Home, tmp_path: Path) -> Path:
    target = tmp_path / "kechuang.tar.gz"
    back_up(home.engine, home.data_dir, target, NOW)
    return target


# ------------------------------------------------------------------------------------------------------- there and back


def test_what_was_backed_up_is_put_back_on_either_database_from_either(home: Home, backup: Path, fresh: Homes) -> None:
    new = fresh()
    done = restore(new.engine, new.data_dir, backup)
    assert rows(new.engine) == rows(home.engine)
    kept = files(home.data_dir)
    del kept["index/segments/unnamed.npz"]
    assert files(new.data_dir) == kept
    assert (done.manifest.created_at, done.migrated) == (NOW, False)
    assert revision(new.engine) == head()


def test_originals_come_back_whole_and_what_is_half_written_is_not_taken_for_one(
    home: Home, fresh: Homes, tmp_path: Path
) -> None:
    (home.data_dir / "originals" / f".{'a' * 64}.pdf.part").write_bytes(b"half")
    manifest = back_up(home.engine, home.data_dir, tmp_path / "b.tar.gz", NOW)
    assert (manifest.of("originals"), manifest.size_of("originals")) == ([ORIGINAL], len(NOTICE))
    new = fresh()
    restore(new.engine, new.data_dir, tmp_path / "b.tar.gz")
    assert (new.data_dir / ORIGINAL).read_bytes() == NOTICE


def test_an_original_that_is_not_what_its_name_says_is_refused(home: Home, tmp_path: Path) -> None:
    (home.data_dir / ORIGINAL).write_bytes(b"another")
    back_up(home.engine, home.data_dir, tmp_path / "b.tar.gz", NOW)
    refused(home, tmp_path / "b.tar.gz", "内容与名称不符")


def test_a_backup_without_originals_says_so_and_leaves_those_that_are_there_alone(home: Home, tmp_path: Path) -> None:
    manifest = back_up(home.engine, home.data_dir, tmp_path / "b.tar.gz", NOW, originals=False)
    assert manifest.left_out == ("originals", "passage_vectors")
    assert manifest.of("originals") == []
    restore(home.engine, home.data_dir, tmp_path / "b.tar.gz", force=True)
    assert (home.data_dir / ORIGINAL).read_bytes() == NOTICE

    def older(name: str, body: bytes) -> bytes:
        return (
            body if name != "manifest.json" else json.dumps(json.loads(body) | {"format": 1, "left_out": []}).encode()
        )

    restore(home.engine, home.data_dir, rewritten(tmp_path / "b.tar.gz", tmp_path / "1.tar.gz", older), force=True)
    assert (home.data_dir / ORIGINAL).read_bytes() == NOTICE


def test_life_goes_on_after_a_restore(home: Home, backup: Path, fresh: Homes) -> None:
    new = fresh()
    restore(new.engine, new.data_dir, backup)
    case = accept(new.store, "KC26-1")
    submit(new.store, 7)
    assert verify_chain(case, new.store.events(case.id))
    with writing(new.engine) as connection:
        account = connection.scalar(select(accounts.c.id))
        enqueue(connection, "another", str(account), "case.closed", {}, NOW)
    with pytest.raises(DBAPIError, match="append-only"), writing(new.engine) as connection:
        connection.execute(case_events.delete())


def test_vectors_are_left_out_and_everything_else_is_in(home: Home, backup: Path, tmp_path: Path) -> None:
    manifest = unpack(backup, folder := tmp_path / "laid-out")
    assert {name.removeprefix("tables/").removesuffix(".jsonl") for name in manifest.of("tables")} == (
        tables_at(head()) - LEFT_OUT
    )
    assert manifest.left_out == ("passage_vectors",)
    assert manifest.counts["cases"] == 2
    assert manifest.schema_revision == head()
    for name, member in manifest.members.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == member.sha256


def test_only_the_user_may_read_a_backup_and_nothing_else_is_left_beside_it(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir() if path.name.startswith(".")] == []


def test_an_older_backup_is_migrated(sqlite_engine: Engine, fresh: Homes, tmp_path: Path) -> None:
    old = Home(make_engine(f"sqlite:///{tmp_path / 'old.db'}"), tmp_path / "old")
    with writing(old.engine) as connection:
        migrate(connection, "0001")
        connection.execute(persons.insert().values(id="p", created_at=NOW))
        connection.execute(
            accounts.insert().values(
                id="a", person="p", channel="web", key="k", settings={"district": "崂山区"}, created_at=NOW
            )
        )
    back_up(old.engine, old.data_dir, tmp_path / "old.tar.gz", NOW)
    assert revision(old.engine) == "0001"
    old.engine.dispose()
    new = fresh()
    assert restore(new.engine, new.data_dir, tmp_path / "old.tar.gz").migrated
    assert revision(new.engine) == head()
    with reading(new.engine) as connection:
        assert connection.execute(select(accounts.c.settings, accounts.c.created_at)).one() == (
            {"district": "崂山区"},
            NOW,
        )
    submit(new.store, 1)


# ------------------------------------------------------------------------------------------------------- while writing


def test_a_backup_taken_while_people_submit_is_one_moment_of_the_ledger(
    engine: Engine, data_dir: Path, clock: FixedClock, fresh: Homes, tmp_path: Path
) -> None:
    bureau, stop = bureau_of(engine, clock, data_dir), threading.Event()
    ledgers: list[list[str]] = [[] for _ in range(4)]

    def write(ledger: list[str], name: str) -> None:
        who = bureau.somebody(name)
        while not stop.is_set():
            case = bureau.submit(who)
            kept = bureau.needs.files.put([case.reference.encode()])
            file = Attachment(kept.digest, "a.txt", "text/plain", kept.size)
            bureau.act("clerk", case, "note", text="附件", files=[file])
            ledger.append(case.reference)

    writers = [threading.Thread(target=write, args=(ledger, f"w{n}")) for n, ledger in enumerate(ledgers)]
    for writer in writers:
        writer.start()
    try:
        taken = []
        for turn in range(3):
            while sum(map(len, ledgers)) < 6 * (turn + 1):
                stop.wait(0.01)
            before = {reference for ledger in ledgers for reference in list(ledger)}
            assert back_up(engine, data_dir, tmp_path / f"{turn}.tar.gz", NOW).missing == ()
            taken.append((before, tmp_path / f"{turn}.tar.gz"))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    for before, target in taken:
        new = fresh()
        restore(new.engine, new.data_dir, target)
        restored = {case.reference for case in new.store.find()}
        assert before <= restored
        for ledger in ledgers:
            there = [reference in restored for reference in ledger]
            assert there == sorted(there, reverse=True), "what was submitted later is there, what was earlier is not"
        assert all(whole(new, case) for case in new.store.find())


def whole(home: Home, case: Case) -> bool:
    """The case with all that its transactions wrote: events, personal values, notice, files; its draft is gone."""
    events, files = home.store.events(case.id), home.store.files(case.id)
    with reading(home.engine) as connection:
        told = connection.scalar(select(outbox.c.id).where(outbox.c.key == f"{case.id}/receipt"))
        left = connection.scalar(select(drafts.c.id).where(drafts.c.id == case.draft))
    noted = len(events) == 2
    with FolderFileStore(home.data_dir / "files").open(files[0].digest) if files else io.BytesIO() as content:
        kept = content.read() == (case.reference.encode() if noted else b"")
    sound = verify_chain(case, events) and home.store.private(case.id) is not None and kept
    return sound and told is not None and left is None and len(files) == len(events) - 1


def test_a_file_that_was_erased_meanwhile_is_named_as_missing(home: Home, fresh: Homes, tmp_path: Path) -> None:
    (digest,) = {file.digest for case in home.store.find() for file in home.store.files(case.id)}
    FolderFileStore(home.data_dir / "files").delete(digest)
    manifest = back_up(home.engine, home.data_dir, tmp_path / "b.tar.gz", NOW)
    assert manifest.missing == (digest,)
    new = fresh()
    assert restore(new.engine, new.data_dir, tmp_path / "b.tar.gz").manifest.missing == (digest,)


# ------------------------------------------------------------------------------------------------------------- refusals


def refused(home: Home, file: Path, said: str, *, force: bool = True) -> None:
    """The restore is refused in one line, and nothing of what is there has changed."""
    before, there = rows(home.engine), files(home.data_dir)
    with pytest.raises(BackupError, match=said) as fault:
        restore(home.engine, home.data_dir, file, force=force)
    assert len(str(fault.value).splitlines()) == 1
    assert rows(home.engine) == before
    assert files(home.data_dir) == there
    assert not list(home.data_dir.glob(".restore-*"))


def test_what_is_there_is_not_overwritten_unasked_nor_ever_mixed(home: Home, backup: Path, clock: FixedClock) -> None:
    before = rows(home.engine)
    kept = files(home.data_dir)
    submit(home.store, 5)
    FolderFileStore(home.data_dir / "files").put([b"later"])
    (home.data_dir / "index" / "chroma").mkdir()
    (home.data_dir / "index" / "chroma" / "chroma.sqlite3").write_bytes(b"stale")
    refused(home, backup, "--force", force=False)
    restore(home.engine, home.data_dir, backup, force=True)
    assert rows(home.engine) == before
    del kept["index/segments/unnamed.npz"]
    assert files(home.data_dir) == kept


def test_a_migrated_database_without_a_row_counts_as_empty(
    engine: Engine, home: Home, backup: Path, fresh: Homes
) -> None:
    new = fresh()
    with writing(new.engine) as connection:
        migrate(connection)
    restore(new.engine, new.data_dir, backup)
    assert rows(new.engine) == rows(home.engine)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_backup_is_refused(home: Home, backup: Path, tmp_path: Path, share: float) -> None:
    whole = backup.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole[: int(len(whole) * share)])
    refused(home, cut, "cut.tar.gz")


def test_a_turned_bit_is_refused_wherever_it_is_or_changes_nothing(
    home: Home, backup: Path, fresh_sqlite: Homes, tmp_path: Path
) -> None:
    whole, damaged = backup.read_bytes(), tmp_path / "damaged.tar.gz"
    original, refusals, places = rows(home.engine), 0, range(10, len(whole), len(whole) // 40)
    for place in places:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        new = fresh_sqlite()
        try:
            restore(new.engine, new.data_dir, damaged)
        except BackupError:
            assert list(new.data_dir.iterdir()) == []
            refusals += 1
        else:  # a bit that deflate does not use
            assert rows(new.engine) == original
    assert refusals > len(places) * 0.9


@pytest.mark.parametrize("name", ["tables/cases.jsonl", "tables/case_events.jsonl", "manifest.json"])
def test_a_missing_member_is_refused(home: Home, backup: Path, tmp_path: Path, name: str) -> None:
    without = rewritten(backup, tmp_path / "without.tar.gz", lambda member, body: None if member == name else body)
    refused(home, without, "without.tar.gz")


def test_a_changed_member_is_refused(home: Home, backup: Path, tmp_path: Path) -> None:
    def change(name: str, body: bytes) -> bytes:
        return body.replace(b"KC26-0", b"KC26-9") if name.startswith("tables/") else body

    refused(home, rewritten(backup, tmp_path / "changed.tar.gz", change), "与清单不符")


def resealed(source: Path, target: Path, table: str, change: Callable[[bytes], bytes]) -> Path:
    """The backup with a table changed and the manifest made to agree with it."""
    body = b""

    def swap(name: str, content: bytes) -> bytes:
        nonlocal body
        if name == f"tables/{table}.jsonl":
            body = change(content)
            return body
        if name != "manifest.json":
            return content
        manifest = json.loads(content)
        manifest["members"][f"tables/{table}.jsonl"] = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        manifest["counts"][table] = body.count(b"\n")
        return json.dumps(manifest).encode()

    return rewritten(source, target, swap)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b'"accept"', b'"reject"'),
        lambda body: body.replace(b'"system"', b'"somebody"'),
        lambda body: body[: body.rindex(b"\n", 0, -1) + 1],
        lambda body: b"",
    ],
)
def test_a_history_that_was_tampered_with_is_refused_though_the_manifest_agrees(
    home: Home, backup: Path, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    without_texts = resealed(backup, tmp_path / "half.tar.gz", "case_texts", lambda _: b"")
    refused(home, resealed(without_texts, tmp_path / "forged.tar.gz", "case_events", change), "KC26-")


@pytest.mark.parametrize(
    "line", [b"{", b"[]\n", b'{"no_such_column": 1}\n', b'{"id": "x"}\n', b'{"id": "p", "created_at": "yesterday"}\n']
)
def test_rows_that_are_none_are_refused(home: Home, backup: Path, tmp_path: Path, line: bytes) -> None:
    refused(home, resealed(backup, tmp_path / "odd.tar.gz", "persons", lambda _: line), "persons")


def test_a_backup_of_a_newer_program_is_refused(home: Home, backup: Path, tmp_path: Path) -> None:
    def newer(name: str, body: bytes) -> bytes:
        if name != "manifest.json":
            return body
        return json.dumps({**json.loads(body), "schema_revision": "9999"}).encode()

    refused(home, rewritten(backup, tmp_path / "newer.tar.gz", newer), "9999")


def test_what_is_no_backup_is_refused(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other.tar.gz"
    other.write_bytes(gzip.compress(b"no tar at all"))
    refused(home, other, "other.tar.gz")
    refused(home, tmp_path / "nowhere.tar.gz", "没有找到")
    refused(home, tmp_path, "文件夹")
    with tarfile.open(other, "w:gz") as archive:
        entry = tarfile.TarInfo("../../escaped")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    refused(home, other, "other.tar.gz")
    assert not (tmp_path.parent / "escaped").exists()


def test_nothing_to_back_up_is_said(fresh: Homes, tmp_path: Path) -> None:
    new = fresh()
    with pytest.raises(BackupError, match="没有可以备份的数据"):
        back_up(new.engine, new.data_dir, tmp_path / "b.tar.gz", NOW)
    assert list(tmp_path.glob("*.tar.gz")) == []


def test_a_backup_that_fails_leaves_the_one_before(home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = backup.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        back_up(home.engine, home.data_dir, backup, NOW)
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.iterdir() if path.name.startswith(".")] == []


def test_a_broken_database_file_is_replaced_if_told_to(backup: Path, fresh_sqlite: Homes) -> None:
    new = fresh_sqlite()
    (new.data_dir / "assistant.db").write_bytes(b"no database" * 1000)
    with pytest.raises(BackupError, match="--force"):
        restore(new.engine, new.data_dir, backup)
    restore(new.engine, new.data_dir, backup, force=True)
    with reading(new.engine) as connection:
        assert broken_chains(connection) == []


@pytest.mark.postgres
def test_tables_of_others_in_the_same_postgresql_schema_stay(backup: Path, fresh_postgres: Homes) -> None:
    new = fresh_postgres()
    with writing(new.engine) as connection:
        connection.execute(text("CREATE TABLE of_others (id int)"))
        connection.execute(text("INSERT INTO of_others VALUES (1)"))
    restore(new.engine, new.data_dir, backup)
    restore(new.engine, new.data_dir, backup, force=True)
    with reading(new.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM of_others")) == 1
        assert "cases" in inspect(connection).get_table_names()


# ------------------------------------------------------------------------------------------------------ command line


@pytest.fixture
def run(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run `backup` or `restore` on the lived-in house; its exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    url = home.engine.url.render_as_string(hide_password=False)
    for name, value in {"EMBED_MODEL": "none", "DATA_DIR": str(home.data_dir), "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    root, level, handlers = logging.root, logging.root.level, logging.root.handlers[:]
    hooks = sys.excepthook, threading.excepthook

    def command(*words: object) -> tuple[int, str]:
        capfd.readouterr()
        try:
            code = main([str(word) for word in words])
        finally:
            logging.captureWarnings(False)
            root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
            root.setLevel(level)
        out, err = capfd.readouterr()
        assert out == ""
        return code, err

    return command


Run = Callable[..., tuple[int, str]]


def test_one_command_each_there_and_back(run: Run, home: Home, tmp_path: Path) -> None:
    before, target = rows(home.engine), tmp_path / "one.tar.gz"
    code, said = run("backup", target)
    assert code == 0
    assert all(part in said for part in (str(target), "2 件需求", "1 个文件", "个人信息"))
    accept(home.store, "KC26-1")
    code, said = run("restore", target)
    assert (code, len(said.splitlines())) == (1, 1)
    assert "--force" in said
    code, said = run("restore", target, "--force")
    assert code == 0
    assert "核对无误" in said
    home.engine.dispose()  # a connection from before would still see the file that was replaced
    assert rows(home.engine) == before


def test_a_backup_is_taken_while_a_server_runs_and_a_restore_is_not(run: Run, home: Home, tmp_path: Path) -> None:
    with own(home.data_dir, "serve", "http://127.0.0.1:8000"):
        assert run("backup", tmp_path / "b.tar.gz")[0] == 0
        code, said = run("restore", tmp_path / "b.tar.gz", "--force")
    assert code == 1
    assert "serve" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup", "."), "文件夹"),
        (("backup", "no/such/folder/b.tar.gz"), "不存在"),
        (("restore", "nowhere.tar.gz", "--force"), "没有找到"),
        (("restore", "cut.tar.gz", "--force"), "没有改动任何数据"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, home: Home, backup: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "cut.tar.gz").write_bytes(backup.read_bytes()[:-9])
    before = rows(home.engine)
    code, told = run(*words)
    assert code == 1
    assert said in told
    assert len(told.splitlines()) == 1
    assert rows(home.engine) == before
