"""What motion is made of: the parts of a toolpath, its doses and its times, mixes, and the frames of a rig."""
