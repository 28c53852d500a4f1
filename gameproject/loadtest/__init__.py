"""The rehearsal: a load test with virtual players who have real sockets.

`coordinator` runs it. `worker` runs in client processes and knows nothing of Django.
`fixtures` makes what it needs on the site, and `removal` removes it. `thresholds`
compares the figures with the promises; `table` and `report` show them.
"""
