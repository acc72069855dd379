"""The studio: a live page in a browser that edits a design, shows what comes of it, and follows its print."""
