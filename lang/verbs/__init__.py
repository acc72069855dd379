"""What the verbs of `wp` do with a design: how they read it, and what they tell of it."""
