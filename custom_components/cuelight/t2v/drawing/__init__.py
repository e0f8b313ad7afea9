"""Draws the storyboard's films: a pen, subjects, places, a choreography, and the frames they make together."""
