"""The tables: the steps of the migration make what the program expects, and it does not touch those of a later one."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from hooks.database.database import DatabaseDown
from hooks.database.tables import LAST_STEP, metadata, token_ids
from tests.memory.conftest import NOW, Open


def test_the_steps_make_the_tables_that_the_program_expects(url: str, opened: Open) -> None:
    with opened(url).writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_tables_of_the_first_version_are_brought_up_and_keep_their_rows(url: str, opened: Open) -> None:
    first = opened(url)
    with first.writing() as connection:
        connection.execute(text("DROP TABLE views"))
        connection.execute(text("DROP TABLE sessions"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.execute(insert(token_ids).values(digest="d", expires=NOW))
    with opened(url).writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.scalar(select(token_ids.c.digest)) == "d"


def test_tables_of_a_later_version_are_left_alone_and_that_is_said(url: str, opened: Open) -> None:
    with opened(url).writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseDown, match=r"its tables are of a later version \(9999\) of this program"):
        opened(url).make_ready(seconds=0)


def test_what_breaks_off_is_not_written(url: str, opened: Open) -> None:
    database = opened(url)

    def break_off() -> None:
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with database.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == LAST_STEP
