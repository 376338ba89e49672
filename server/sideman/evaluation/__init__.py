"""How well a model predicts music that it never saw, in bits per event (docs/evaluation.md).

What is asked (`tasks`), pieces read and spelled as symbols (`corpora`, `spelling`), a model put to them (`trial`) and
what came of it in figures (`score`) and words (`report`). Nothing here plays.
"""
