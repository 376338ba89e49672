"""How alike improvisations are to what was learned, to themselves and to each other: measures, and what is measured."""
