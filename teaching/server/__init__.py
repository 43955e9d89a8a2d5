"""JupyterHub for a class, on one Linux machine or on a cluster: `README.md` says how to start it.

| module | does |
|---|---|
| `accounts` | makes a Unix account with a password for each name of a class |
| `jupyterhub_config` | is what JupyterHub reads |
| `ready` | says what is missing before a hub can start |
| `spawner` | starts a learner's JupyterLab with limits |
| `copies` | puts the lessons into a learner's home, as that learner |
| `start` | is what a learner's container begins with, on a cluster |
"""
