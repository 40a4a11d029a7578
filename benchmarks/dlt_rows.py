"""Have dlt keep a source's invoices: `PYTHON_WITH_DLT benchmarks/dlt_rows.py STRATEGY URL NEW CHANGED UNCHANGED`.

Reads the three files in turn (pages of JSON, a page a line) and prints the seconds each took, as JSON. Run by
`benchmarks/intake_rows.py` in an environment of dlt's own; it knows nothing of ours.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt  # type: ignore[import-not-found,unused-ignore] # in an environment of its own

DAYS, AMOUNTS = ("done", "issued", "sent", "due", "paid"), ("net", "tax", "total")


def main(strategy: str, url: str, *files: str) -> None:
    """Load each file the given way."""
    postgres = url.startswith("postgresql")
    scheme, _, rest = url.partition("://")
    if postgres:  # dlt wants a password and a host, whatever the server wants
        user, _, place_there = rest.partition("@")
        host, _, base = place_there.partition("/")
        name, _, password = user.partition(":")
        credentials = f"postgresql://{name}:{password or 'none'}@{host or 'localhost'}/{base}"
    else:
        credentials = f"{scheme.partition('+')[0]}://{rest}.dlt"
    place = dlt.destinations.postgres if postgres else dlt.destinations.sqlalchemy
    pipeline = dlt.pipeline(
        f"rows_{strategy}", destination=place(credentials), dataset_name=f"rows_{strategy}", pipelines_dir="dlt-state"
    )
    columns: Any = {name: {"data_type": "date"} for name in DAYS}
    columns |= {name: {"data_type": "decimal", "precision": 18, "scale": 2} for name in AMOUNTS}
    columns |= {name: {"data_type": "timestamp"} for name in ("created", "changed")}

    @dlt.resource(  # type: ignore[untyped-decorator,unused-ignore]
        name="document",
        write_disposition={"disposition": "merge", "strategy": strategy},
        columns=columns,
        primary_key="id",
    )
    def documents(path: str) -> Iterator[list[dict[str, Any]]]:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a script without a library of ours
            for line in file:
                yield json.loads(line)

    seconds = {}
    for name, path in zip(("new", "changed", "unchanged"), files, strict=True):
        began = time.perf_counter()
        pipeline.run(documents(path))
        seconds[name] = time.perf_counter() - began
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
