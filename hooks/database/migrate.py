"""Brings the tables up to this version of the program, also where several processes try at once."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from hooks.database.engine import IMMEDIATE

_LOCK = 7_205_759_403
"""The number under which PostgreSQL keeps our lock; any that no other program uses."""


def migrate(engine: Engine) -> None:
    """Run the steps that are missing, in one transaction. Raises what SQLAlchemy raises."""
    config = Config()
    config.set_main_option("script_location", "hooks.database:migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        with connection.begin():
            if _is_current(connection, script):
                return
        connection.execution_options(**{IMMEDIATE: True})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
                connection.exec_driver_sql("SET LOCAL statement_timeout = '60s'")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            # another process may have been quicker, while this one waited for the lock
            if not _is_current(connection, script):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _is_current(connection: Connection, script: ScriptDirectory) -> bool:
    """Whether the tables are as this version wants them. Raises OperationalError where they are of a later one."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in known:
        why = f"its tables are of a later version ({current}) of this program: use that version"
        raise OperationalError("", None, ValueError(why))
    return current == script.get_current_head()
