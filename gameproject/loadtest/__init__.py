"""A deployer's own rehearsal of the rush: virtual players with real sockets.

`coordinator` runs it; `worker` runs in client processes and knows nothing of Django;
`fixtures` is the site's side; `thresholds` judges; `table` and `report` show.
"""
