"""Training: where models come from, the built-in ones and those of `arzip train`.

data, synthetic     files as documents in lanes; synthetic binary data
fit                 fits the weights of the experts that count
networks, muon      the networks in torch, and the optimiser of their matrices
quantise            weights rounded to integers, as model files hold them
loop, processes     train a network, in one process or several
start, export       a network from a model file, and back
preface, model      the text that a model reads first; the finished model
"""

__all__: list[str] = []
