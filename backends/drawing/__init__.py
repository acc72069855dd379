"""How pictures are made: where the camera stands, what is seen, how it is lit and lettered."""
