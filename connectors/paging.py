"""Reading that ends: a source that gives the same page again and again is not followed for ever."""

from collections.abc import Iterable, Iterator

from connectors.base import Page
from connectors.errors import Unavailable

SAME = 3  # so many alike in a row are no overlap any more
EMPTY = 1000  # so many in a row that say nothing: nobody has that long a pause


def ending(pages: Iterable[Page]) -> Iterator[Page]:
    """Give pages for as long as they lead somewhere; Unavailable where the source repeats itself.

    An overlap may well give a page twice. A third one with the same content, or a great many empty ones, is a source
    whose cursor does not move.
    """
    before: tuple[object, ...] | None = None
    same = empty = 0
    for page in pages:
        said = (page.records, page.faults, page.gone)
        empty = 0 if any(said) else empty + 1
        same = same + 1 if any(said) and said == before else 1
        if same >= SAME or empty >= EMPTY:
            raise Unavailable(code="repeats_itself")
        yield page
        before = said
