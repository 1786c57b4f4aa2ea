"""Sources that are a table of a database, reached past the hub through their driver's DB-API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from tests.conformance.kit import Source, Table

NAME = "conformance"


class SqlTable(Source):
    """One table. A dialect says how kinds are stored, how names are quoted and how values are marked."""

    types: ClassVar[dict[str, str]]
    quote: ClassVar[str] = '""'
    mark: ClassVar[str] = "%s"
    drop: ClassVar[str] = "DROP TABLE IF EXISTS {table}"
    own_columns: ClassVar[str] = ""
    """Columns that no table of a check names, such as a flag."""
    key: ClassVar[str] = ", PRIMARY KEY ({id})"

    def connect(self) -> Any:
        """A connection past the hub, not in autocommit mode."""
        raise NotImplementedError

    def name(self, name: str) -> str:
        return f"{self.quote[0]}{name}{self.quote[-1]}"

    def run(self, *statements: str) -> None:
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def put(self, table: Table) -> None:
        columns = ", ".join(
            f"{self.name(c)} {self.types[kind]}" for c, kind in table.columns.items()
        )
        key = self.key.format(id=self.name("id"))
        self.run(
            self.drop.format(table=self.name(NAME)),
            f"CREATE TABLE {self.name(NAME)} ({columns}{self.own_columns}{key})",
        )
        self.add(table)

    def add(self, table: Table) -> None:
        with closing(self.connect()) as connection:
            self.write(connection, table)
            connection.commit()

    def write(self, connection: Any, table: Table) -> None:
        """Replace the rows with these ids, and insert the others."""
        marks = ", ".join(self.marks(len(table.columns)))
        names = ", ".join(map(self.name, table.columns))
        at = list(table.columns).index("id")
        cursor = connection.cursor()
        if not table.rows:
            return
        self.forget(cursor, [row[at] for row in table.rows])
        cursor.executemany(
            f"INSERT INTO {self.name(NAME)} ({names}) VALUES ({marks})",  # noqa: S608
            [tuple(map(self.value, row)) for row in table.rows],
        )

    def marks(self, count: int) -> list[str]:
        return [self.mark] * count

    def value(self, value: Any) -> Any:
        """A value as the driver takes it."""
        return value

    def forget(self, cursor: Any, ids: list[int]) -> None:
        listed = ", ".join(map(str, ids))
        cursor.execute(f"DELETE FROM {self.name(NAME)} WHERE {self.name('id')} IN ({listed})")  # noqa: S608

    def contents(self) -> list[dict[str, Any]]:
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {self.name(NAME)} ORDER BY {self.order()}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def order(self) -> str:
        return self.name("id")

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        with closing(self.connect()) as connection:
            self.write(connection, table)
            yield
            connection.commit()


POSTGRESQL_TYPES = {
    "id": "bigint", "changed": "timestamp", "text": "varchar(200)", "integer38": "numeric(38)", "integer19": "bigint",
    "decimal": "numeric(18,4)", "date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz", "char": "char(6)",
    "small": "smallint",
}  # fmt: skip


class PostgresTable(SqlTable):
    """A table of the worker's embedded PostgreSQL, in a database of the test's own."""

    server = "locked_server"
    types = POSTGRESQL_TYPES

    def start(self) -> None:
        self.database = f"conformance_{id(self)}"
        self.running.create(self.database)

    def stop(self) -> None:
        self.running.drop(self.database)

    @property
    def url(self) -> str:
        from warehouse.server import database_of

        return database_of(self.running.url, self.database).replace("+psycopg", "")

    @property
    def address(self) -> str:
        from psycopg.conninfo import conninfo_to_dict

        parts = conninfo_to_dict(self.url)
        return f"{parts['host']}/.s.PGSQL.{parts['port']}"

    def through(self, port: int) -> str:
        return f"postgresql://postgres@127.0.0.1:{port}/{self.database}"

    def wrong_credentials(self, password: str) -> str:
        return self.url.replace("//postgres@", f"//locked_reader:{password}@")

    def connect(self) -> Any:
        import psycopg

        return psycopg.connect(self.url)
