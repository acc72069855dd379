"""From measured widths to figures of an ink, with what they leave uncertain."""
