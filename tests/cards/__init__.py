"""The cards: their words, their kinds, their suggestions, and the strict shape of what is sent."""
