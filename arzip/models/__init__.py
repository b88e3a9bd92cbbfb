"""The models: what gives p(w_t | w_<t).

    registry, library   which models there are: built in, in folders, in files
    parameters          a model's file
    model               a model as its users meet it; its known answers are in proof
    hybrid              `swift`, `base` and custom ones, of these parts:
      predictor         what codes one segment: state, tables, data, network
      coding            the equation: a byte's bits predicted and learned, in either direction
      bits/             what predicts bits from counts, and the mixer
      network/          what predicts bytes from a trained network
    lean                what a model without a network starts from, which reads less
    broad               `max`: `base`, read broadly
    fast/               `fast`, of parts of its own
    explore/            what looks at predictions or draws from them
    numbers/            whole-number mathematics that both need
    memory              memory for their tables

`lowering` tells numba what it cannot know. Models load NumPy, so nothing is imported here.
"""
