"""What the service keeps, where, and for how long."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr


class MemoryFields(BaseModel):
    """The settings of the journal and its database, shared by the service and the commands that read them."""

    state_folder: Path = Field(
        Path("~/.local/state/nusinersen-cds"),
        description="Folder on a disk of this machine for what the service keeps: the spool and, unless other settings "
        "say where they are, the SQLite database and the key of the journal",
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://user:password@host/database, or sqlite:////folder/file.db; default: SQLite"
    )
    journal_key_file: Path | None = Field(
        None,
        description="File with the keys by which patients are hashed, one a line in base64, the newest first; default: "
        "one key that the service makes",
    )
    spool_limit_mb: int = Field(
        1024, ge=1, description="Megabytes that the spool may take while the database is down; beyond, lines are lost"
    )
    retention_days: int = Field(
        1095, ge=1, description="Days after which `nusinersen-cds purge` removes decisions and feedback"
    )
    purge_hours: float | None = Field(
        None,
        gt=0,
        le=24 * 366,
        description="Hours between two purges by the service itself, the first at its start; none: the command alone",
    )
    keep_comments: bool = Field(
        False, description="Keep the comments that clinicians write in feedback, encrypted; needs comment_key_file"
    )
    comment_key_file: Path | None = Field(
        None, description="File with the Fernet keys that encrypt comments, one a line, the newest first"
    )

    @property
    def folder(self) -> Path:
        """The state folder, with the home folder written out."""
        return self.state_folder.expanduser()

    @property
    def url(self) -> str:
        """The URL of the database."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.folder.absolute() / 'journal.db'}"

    @property
    def own_key_file(self) -> Path:
        """Where the service keeps the key that it makes."""
        return self.folder / "journal.keys"
