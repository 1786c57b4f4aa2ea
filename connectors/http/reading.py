"""One reading of a dataset: the requests for its pages, and the checks that it ends and that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.http import paging
from connectors.http.pages import Page, page
from connectors.http.paging import Place
from connectors.http.paths import placed
from connectors.http.session import Answer, NotServed, Question, Session
from connectors.http.settings import ByOffset, BySerial, HttpSettings, PagedSettings
from connectors.http.walking import MOST_RETREATS, Seam, Walk
from hub.core.errors import SourceRefused, SourceUnavailable


@dataclass(frozen=True, slots=True)
class Found:
    """A page and where it stands; `seam`: see walking."""

    page: Page
    place: Place | None
    seam: Seam = ()


@dataclass(slots=True)
class Reading:
    """Asks for the pages of one dataset. `bounds`: parameters that limit what is asked for."""

    settings: PagedSettings
    session: Session
    bounds: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    total: int | None = None
    vanished: int = 0
    """By how many rows the total shrank while pages were read."""

    def pages(self, start: Place | None = None, seam: Seam = ()) -> Iterator[Found]:
        """All pages with rows, from a place on. Raises SourceUnavailable and SourceRefused.

        The end cannot be missed for ever: a page, cursor or link that comes again is refused.
        """
        rule = self.settings.paging
        walk = Walk(rule, paging.first(rule) if start is None else start, seam)
        for _ in range(self.settings.max_pages):
            try:
                found, after = self.page(walk.place)
            except NotServed:
                if walk.at_end:  # how some services answer when asked for more than there is
                    return
                raise
            if not walk.fits(found):
                self._check_order(walk)
                continue
            if walk.repeats(found):
                if walk.at_end:  # others give their last page again
                    return
                raise self._endless("the same page comes again")
            fresh = found.without_first(len(walk.seam))
            self._count(walk, found)
            if fresh.table.num_rows:
                yield Found(fresh, walk.place, walk.seam)
            if after is None or (walk.seam and not fresh.table.num_rows):
                return
            if not walk.go_on(after, found):
                raise self._endless("the next page is one that was read before")
        raise self._endless(f"there are more than {self.settings.max_pages} pages")

    def _check_order(self, walk: Walk) -> None:
        if walk.retreats > MOST_RETREATS:
            raise SourceUnavailable(
                "its rows move all the time while pages are read", where=self.session.where,
                remedy="ask for a fixed order by a parameter, or read when it is quiet",
            )  # fmt: skip

    def _count(self, walk: Walk, found: Page) -> None:
        """Rows so far (by offset: how far they reach), the total, and whether this may have been the last page."""
        rows = found.table.num_rows
        reached = int(walk.place or 0) if isinstance(self.settings.paging, ByOffset) else self.rows
        self.rows = reached + rows if rows else self.rows
        if found.total is not None:
            self.vanished += max((self.total or 0) - found.total, 0)
            self.total = found.total
        walk.at_end = paging.may_be_last(self.settings, rows, self.rows, self.total)

    def page(self, place: Place | None) -> tuple[Page, Place | None]:
        """One page, and the place of the next."""
        raise NotImplementedError

    def first_row(self, place: Place | None) -> int:
        """The number of a page's first row, from 1."""
        by_offset = isinstance(self.settings.paging, ByOffset)
        return (int(place or 0) if by_offset else self.rows) + 1

    def after(self, place: Place | None, found: Page, link: str | None = None) -> Place | None:
        """The place of the page after this one. Counts its rows as taken."""
        table, rule = found.table, self.settings.paging
        self.session.pace.took(table.num_rows, table.nbytes)
        stated = found.next
        if isinstance(rule, BySerial) and table.num_rows:
            stated = self._last_serial(found, rule)
        return paging.following(rule, place, table.num_rows, stated, link)

    def _last_serial(self, found: Page, rule: BySerial) -> Place:
        names = found.table.column_names
        last = found.table[rule.field][-1].as_py() if rule.field in names else None
        if last is None:
            raise SourceRefused(
                f"the last row of a page has no {rule.field}", where=self.session.where,
                remedy="correct 'paging' in source.yml",
            )  # fmt: skip
        return str(last)

    def check_total(self) -> None:
        """Raises SourceUnavailable when other rows came than the source says there are, or rows slipped past us.

        A total that grows does no harm: the new rows come with the next reading, which overlaps this one.
        """
        path = getattr(self.settings, "total", None)
        if path is None:
            return
        if self.total is None and self.rows:
            raise SourceRefused(
                f"there is no number at '{path}' of its answers", where=self.session.where,
                remedy="correct 'total' in source.yml, or leave it out",
            )  # fmt: skip
        what = ""
        if self.rows != (self.total or 0):
            what = f"{self.rows} rows came, {self.total} it says there are"
        elif self.vanished and not getattr(self.settings.paging, "overlap", 0):
            what = f"{self.vanished} rows vanished while pages were read, others may have moved up"
        if what:
            raise SourceUnavailable(
                what, where=self.session.where, remedy="the next run reads them again"
            )

    def _endless(self, what: str) -> SourceRefused:
        return SourceRefused(
            f"{what}: the reading would not end", where=self.session.where,
            remedy="correct 'paging' in source.yml, and declare 'total' where the service states it",
        )  # fmt: skip


@dataclass(slots=True)
class HttpReading(Reading):
    """The pages of a REST service."""

    settings: HttpSettings

    def page(self, place: Place | None) -> tuple[Page, Place | None]:
        """One page, and the place of the next."""
        first_row = self.first_row(place)

        def read(answer: Answer) -> tuple[Page, str | None]:
            return page(answer, self.settings, first_row, self.session.where), answer.next_link

        found, link = self.session.ask(self.question(place), read)
        return found, self.after(place, found, paging.link_place(link, self.session.connection))

    def question(self, place: Place | None) -> Question:
        """The request for the page at a place. A link holds all parameters already."""
        settings = self.settings
        if isinstance(place, str) and settings.paging.by == "link":
            address = place if "://" in place else self.session.connection.origin + place
            return Question(settings.method, address, headers=settings.headers)
        added = {**self.bounds, **paging.parameters(settings.paging, place)}
        if settings.method == "GET":
            params = {name: _text(value) for name, value in (settings.params | added).items()}
            return Question("GET", settings.path, params, headers=settings.headers)
        body: dict[str, Any] = dict(settings.body or {})
        for name, value in added.items():
            placed(body, name, value)
        params = {name: _text(value) for name, value in settings.params.items()}
        question = Question("POST", settings.path, params, headers=settings.headers)
        if settings.encoding == "form":
            return replace(question, form={name: _text(value) for name, value in body.items()})
        return replace(question, json=body)


def _text(value: Any) -> Any:
    """As JSON writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else value
