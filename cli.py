"""The command `wp`: one thin verb for each thing the rooms can do."""
