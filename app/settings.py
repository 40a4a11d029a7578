"""The one place that reads the environment: `SEUIL_…` variables, each with a default that works."""

from pathlib import Path

from pydantic import Field, SecretStr
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
    secure_cookies: bool = Field(default=False, description="yes when served over https")
    zone: str = Field(default="Europe/Paris", description="time zone of new companies")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    log_json: bool = Field(default=False, description="one JSON object a log line, for machines")
    upload_limit_mb: int = Field(default=512, ge=1, description="largest file the import page takes")

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
