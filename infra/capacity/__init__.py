"""How much of everything a chain needs, and what it costs: from measured figures, the cards, a list of prices."""
