"""How many letters and alerts five years bring, and how soon a worse back office is told of.

`python -m benchmarks.letters --seeds 3 --out FILE.jsonl` makes up companies, looks at them with the real detectors,
moves their alerts with the app's own `update_alerts` on a database of their own, and counts; `--report FILE.jsonl`
prints the tables again. Three seeds take most of an hour of one core; each company is written down once it is done.

- Well-kept companies of four sizes and shapes (`cast`): a look each Monday for five years, after a first year that is
  the confirmed baseline. Nothing in them changes, so each alert is a false one.
- Companies of which one thing gets worse on a known day: a look each Monday before it, then every day, as the schedule
  looks, until its alert is confirmed or a year has gone by.

A *letter* goes out every Monday, whatever happened. A mail *at once* goes out on each day on which an alert is
confirmed, gets worse, is back over the line, is resolved or fails: one for all of a company's of that day. An alert
seen once (*noticed*) is no mail; a letter lists it under *seen once*.

Beside that each week's range of each signal (`signals.expected`) is held against the next week's value.
"""
