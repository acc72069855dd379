"""From filaments to an order: what must come first, what the nozzle clears, how inks and baths change, short ways."""
