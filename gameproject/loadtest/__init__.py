"""A deployer's own rehearsal of the rush: virtual players with real sockets.

`conductor` leads it; `herd` runs in client processes and knows nothing of Django;
`stage` is the site's side; `promises` judges; `table` and `report` tell.
"""
