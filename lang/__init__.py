"""The `.wp` language: source text to a Scene, and every word said about a mistake on the way."""
