"""The one place that reads the environment: `SEUIL_…` variables, each with a default that works."""

from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a person running Seuil may set."""

    model_config = SettingsConfigDict(env_prefix="SEUIL_", extra="ignore")

    database_url: str = Field(
        default="sqlite:///data/seuil.db", description="where records are kept: sqlite:///FILE or postgresql://…"
    )
    host: str = Field(default="127.0.0.1", description="address to serve on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to serve on")
    owner_email: str = Field(default="owner@localhost", description="sign-in name of the account made at first start")
    owner_password: SecretStr | None = Field(
        default=None, description="its password; without one, a password is made up and printed once"
    )
    oidc_issuer: str | None = Field(
        default=None, description="sign-in service (OpenID Connect): https://login.example.com/realms/cabinet"
    )
    oidc_client_id: str | None = Field(default=None, description="how Seuil is known there")
    oidc_client_secret: SecretStr | None = Field(default=None, description="its secret there")
    secure_cookies: bool = Field(default=False, description="yes when served over https")
    zone: str = Field(default="Europe/Paris", description="time zone of new companies")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    log_json: bool = Field(default=False, description="one JSON object a log line, for machines")
    api_requests_a_minute: int = Field(
        default=600, ge=1, description="how often a program may ask in a minute, by API key and process"
    )
    upload_limit_mb: int = Field(default=512, ge=1, description="largest file the import page takes")

    tick_seconds: int = Field(default=60, ge=1, le=3600, description="how often what is due is looked for")
    read_hours: int = Field(default=6, ge=1, le=24, description="how often a connected system is read")
    public_url: str | None = Field(
        default=None, description="address people reach Seuil at, for links in mails: https://seuil.example.com"
    )
    mail_from: str = Field(default="Seuil <seuil@localhost>", description="sender of the letters")
    smtp_host: str | None = Field(default=None, description="mail server; without one, letters wait")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls (usually port 587), tls (465), or none (a relay on this machine)"
    )
    smtp_user: str | None = Field(default=None, description="account at the mail server, if it asks for one")
    smtp_password: SecretStr | None = Field(default=None, description="its password")
    secret_key: SecretStr | None = Field(
        default=None, description="key that seals secrets in the database; without it, a key file is made"
    )
    secret_key_file: Path | None = Field(
        default=None, description="file with that key; by default `seuil.key` beside the SQLite file, or in `data`"
    )

    private_hosts: str = Field(
        default="",
        description="hosts of sources that may be asked without https or in a private network, separated by commas",
    )

    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="asked after each round of work that was done; a watcher there that hears nothing raises the alarm",
    )

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            message = f"{zone!r} is not a time zone; one is Europe/Paris"
            raise ValueError(message)
        return zone

    @property
    def base_url(self) -> str:
        """The address in links, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def key_file(self) -> Path:
        """Where the sealing key is read from, and made if missing."""
        folder = self.sqlite_path.parent if self.sqlite_path else Path("data")
        return self.secret_key_file or folder / "seuil.key"

    @property
    def private_host_names(self) -> frozenset[str]:
        """The hosts of `private_hosts`."""
        return frozenset(host.strip().lower() for host in self.private_hosts.split(",") if host.strip())

    @property
    def sqlite_path(self) -> Path | None:
        """The embedded database's file, or None on PostgreSQL or in memory."""
        prefix = "sqlite:///"
        if not self.database_url.startswith(prefix) or self.database_url == "sqlite:///:memory:":
            return None
        return Path(self.database_url.removeprefix(prefix))


def read_settings() -> Settings:
    """Read the environment."""
    return Settings()
