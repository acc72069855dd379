"""The mechanics of drying: the models, the frame and the field, what holds a part, and the states after."""
