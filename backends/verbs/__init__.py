"""What the verbs of `wp` do with a finished part, a rig or a run: options, files, and what they tell."""
