"""The training kit of the small LLM: four stages from a folder of music or text to a model that the engine plays.

It needs PyTorch, which nothing else of sideman does; `torches` says so. What tokens mean is `sideman.tokens`', what a
step costs the C++ engine's business.
"""
