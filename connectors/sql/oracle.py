"""Oracle through python-oracledb: thin from 12.1 on, thick with `lib_dir` in the URL for 9.2 to 11.2.

Written for servers that cannot run where this is developed: statements and URLs are tested, a server is not. Every
query is limited by ROWNUM, which all versions know. A NUMBER that 64 bits do not hold is asked for as text, so it
never passes through a double; times with zone are asked for in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import oracle
from sqlalchemy.sql import ClauseElement

from connectors.sql import Column, Facts, Server, UrlError, arrays, missing, reflection
from connectors.sql.selects import compiled
from hub.core.errors import SourceRefused, SourceUnavailable

OLDEST = (9, 2)
ROWS_AT_A_TIME = 10_000
CODES_THAT_HEAL = {
    "ORA-00018", "ORA-00020", "ORA-00054", "ORA-00060", "ORA-01033", "ORA-01034", "ORA-01089", "ORA-01090", "ORA-01555",
    "ORA-02391", "ORA-03113", "ORA-03114", "ORA-03135", "ORA-08177", "ORA-12170", "ORA-12516", "ORA-12518", "ORA-12519",
    "ORA-12520", "ORA-12528", "ORA-12537", "ORA-12541", "ORA-12543", "ORA-12547", "DPY-1001", "DPY-4011", "DPY-4024",
    "DPY-6000", "DPY-6005",
}  # fmt: skip
REMEDIES = {
    "ORA-01017": "check user and password of the connection",
    "ORA-28000": "the account is locked: ask the department's administrator",
    "ORA-00942": "compare 'table' in source.yml with the database (names are spelled exactly, most in capitals),"
    " and ask for the right to read it",
    "ORA-00904": "compare the columns in source.yml with the database; names are spelled exactly, most in capitals",
    "ORA-29275": "its text is not of the charset that the database declares: set 'charset' in source.yml",
    "DPY-3010": "this server is older than 12.1: add ?lib_dir=/path/to/instantclient to the connection's URL",
    "DPI-1047": "lib_dir of the connection does not hold an Oracle Instant Client",
}

_ASKED: dict[str, Callable[[Any], sa.ColumnElement[Any]]] = {
    "plain": lambda value: value,
    "text": lambda value: sa.func.TO_CHAR(value, "TM9", "NLS_NUMERIC_CHARACTERS='.,'"),
    "number": sa.func.SYS_EXTRACT_UTC,
    "hex": lambda value: sa.func.LOWER(sa.func.RAWTOHEX(value)),
    "bytes": sa.func.UTL_RAW.CAST_TO_RAW,
}


def backend(url: sa.URL, where: str) -> OracleBackend:
    """The back end of oracle+oracledb://user:password@host:1521/?service_name=… (or /SID). Raises UrlError.

    `oracle+cx_oracle://` means the same: python-oracledb is what cx_Oracle became.
    """
    query = {key: str(value) for key, value in url.query.items()}
    lib_dir, service = query.pop("lib_dir", None), query.pop("service_name", None)
    if query or not url.host or bool(url.database) == bool(service):
        raise UrlError(
            "its URL must look like oracle+oracledb://user:password@host:1521/?service_name=NAME, or"
            " …/SID; for servers before 12.1 with lib_dir=/path/to/instantclient"
        )
    address = {"service_name": service} if service else {"sid": url.database}
    parameters = {
        "user": url.username, "password": url.password, "host": url.host, "port": url.port or 1521, **address,
    }  # fmt: skip
    return OracleBackend(parameters, where, lib_dir)


def _dialect() -> sa.Dialect:
    dialect = oracle.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    dialect._supports_offset_fetch = False
    return dialect


@dataclass(frozen=True, slots=True)
class OracleBackend:
    """One database. `lib_dir` makes the whole process use the Instant Client, for every Oracle it talks to."""

    parameters: Mapping[str, Any] = field(repr=False)
    where: str
    lib_dir: str | None = None
    dialect: sa.Dialect = field(default_factory=_dialect, repr=False)
    compares_rows: bool = False

    def columns(self, source: sa.FromClause) -> tuple[Column, ...]:
        """As `Backend.columns`."""
        query = sa.select(sa.text("*")).select_from(source).where(sa.text("1 = 0"))
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(compiled(query, self.dialect))
            return tuple(map(_column, cursor.description))

    def selected(self, column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `Backend.selected`."""
        return _ASKED[column.asked](value)

    def read(self, select: sa.Select[Any], columns: Sequence[Column]) -> pa.Table:
        """As `Backend.read`."""
        with self._session() as session:
            found = [
                pa.table(batch)
                for batch in session.fetch_df_batches(
                    compiled(select, self.dialect), size=ROWS_AT_A_TIME
                )
            ]
        if not found:
            return arrays.from_rows(columns, [])
        return arrays.table(
            columns, [each.combine_chunks() for each in pa.concat_tables(found).columns]
        )

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """As `Backend.write`."""
        with self._session(read_only=False) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(compiled(statement, self.dialect))
            session.commit()

    def server(self) -> Server:
        """As `Backend.server`."""
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(
                "SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'"
            )
            charset = cursor.fetchone()[0]
            cursor.execute(
                "SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM DUAL"
            )
            clock = arrays.utc(cursor.fetchone()[0])
            version = tuple(int(part) for part in session.version.split(".")[:2])
        return Server("Oracle", version, OLDEST, charset, clock)

    def tables(self) -> tuple[str, ...]:
        """As `Backend.tables`; the account's own without its name."""
        own = str(self.parameters["user"]).upper()
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(_TABLES)
            return tuple(
                name if owner == own else f"{owner}.{name}" for owner, name in cursor.fetchall()
            )

    def facts(self, table: str) -> Facts:
        """As `Backend.facts`."""
        schema, _, name = table.rpartition(".")
        with self._session() as session, session.cursor() as cursor:
            owner = schema or str(self.parameters["user"]).upper()
            cursor.execute(
                "SELECT num_rows FROM all_tables WHERE owner = :1 AND table_name = :2",
                [owner, name],
            )
            found = cursor.fetchone()
            cursor.execute(_MAY_WRITE, [owner, owner, name])
            writable = cursor.fetchone()[0] > 0
            return reflection.facts(
                "oracle+oracledb://",
                session,
                table,
                rows=found[0] if found else None,
                writable=writable,
            )

    @contextmanager
    def _session(self, *, read_only: bool = True) -> Iterator[Any]:
        try:
            import oracledb
        except ImportError:
            raise missing("oracledb", "pip install 'county-data-hub[oracle]'", self.where) from None
        try:
            if self.lib_dir:
                oracledb.init_oracle_client(lib_dir=self.lib_dir)  # does nothing the second time
            with closing(oracledb.connect(**self.parameters, tcp_connect_timeout=10)) as session:
                if read_only:
                    with session.cursor() as cursor:
                        cursor.execute("SET TRANSACTION READ ONLY")
                yield session
        except oracledb.Error as failure:
            raise translated(failure, self.where) from None


_TABLES = """
SELECT owner, object_name FROM all_objects WHERE object_type IN ('TABLE', 'VIEW')
  AND owner NOT IN ('SYS', 'SYSTEM', 'OUTLN', 'DBSNMP', 'XDB', 'CTXSYS', 'MDSYS', 'WMSYS', 'ORDSYS', 'EXFSYS', 'OLAPSYS', 'PUBLIC')
ORDER BY 1, 2
"""
_MAY_WRITE = """
SELECT (SELECT COUNT(*) FROM session_privs WHERE privilege IN ('INSERT ANY TABLE', 'UPDATE ANY TABLE'))
  + (SELECT COUNT(*) FROM dual WHERE :1 = USER)
  + (SELECT COUNT(*) FROM all_tab_privs WHERE table_schema = :2 AND table_name = :3
     AND privilege IN ('INSERT', 'UPDATE', 'DELETE')) FROM dual
"""


def translated(failure: Exception, where: str) -> SourceUnavailable | SourceRefused:
    """What to do about an error, by its code; the server's own words may hold values."""
    code = getattr(failure.args[0], "full_code", "") if failure.args else ""
    if code in CODES_THAT_HEAL or not code:
        return SourceUnavailable(
            f"the server does not answer, or gave up the query ({code or 'no code'})", where=where,
            remedy="check network and server, then run again",
        )  # fmt: skip
    return SourceRefused(
        f"the server refuses ({code})", where=where,
        remedy=REMEDIES.get(code, "ask the department's administrator"),
    )  # fmt: skip


def _column(described: Any) -> Column:
    name, kind = described[0], described[1].name.removeprefix("DB_TYPE_")
    if kind == "NUMBER":
        return _number(name, described[4], described[5])
    if kind in ("VARCHAR", "CHAR", "NVARCHAR", "NCHAR"):
        return Column(name, kind, pa.string(), is_text=not kind.startswith("N"))
    return {
        "DATE": Column(name, kind, pa.timestamp("us")),
        "TIMESTAMP": Column(name, kind, pa.timestamp("us")),
        "TIMESTAMP_TZ": Column(name, kind, pa.timestamp("us", "UTC"), "number"),
        "TIMESTAMP_LTZ": Column(name, kind, pa.timestamp("us", "UTC"), "number"),
        "BINARY_DOUBLE": Column(name, kind, pa.float64()),
        "BINARY_FLOAT": Column(name, kind, pa.float32()),
        "RAW": Column(name, kind, pa.string(), "hex"),
        "BLOB": Column(name, kind, pa.binary()),
    }.get(kind, Column(name, kind, pa.string()))


def _number(name: str, precision: int | None, scale: int | None) -> Column:
    """Precision 0 is an open NUMBER; FLOAT has a scale of -127."""
    if precision and scale == 0 and precision <= 18:
        return Column(name, f"NUMBER({precision})", pa.int64())
    return Column(name, f"NUMBER({precision},{scale})", arrays.exact(precision, scale), "text")
