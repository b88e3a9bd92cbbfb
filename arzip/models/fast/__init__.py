"""The model `fast`: a megabyte a second, by doing less for each bit.

    histories   what came in a context, in one byte
    table       where a context's histories are, and its runs
    contexts    what the next byte may depend on: of text, and of all else
    match       the last place where the last bytes stood, and whether it can be trusted alone
    shares      how often something came
    layout      all that a predictor knows, as one record
    coding      the equation: a byte predicted from all that, then learned
    predictor   what codes one segment
    model       the model as its users meet it

It differs from the other models in three ways. What it knows of a bit in a context is one byte. It
learns from a byte as a whole, when that is complete: until then nothing changes, so that memory can
be asked for what the next byte needs while the last one is learned. And where a long match has
always been right, one decision says that the next byte is the one expected, and no more is done.
"""
