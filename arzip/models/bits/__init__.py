"""What predicts bits from counts of what came before.

state       all that is remembered, as one record
slots       where the counts of a context are: lines and runs of one hash table
ngram       what these counts say of the next bit, and how they learn
match       the last place where the same bytes stood, and what followed
values      what is expected of a number says of its bits
guesses     and a byte that a reading guesses
mixer       all opinions, the network's too, become several, and these are calibrated
last        and these one probability
odds        log-odds and probabilities as tables: stretch and squash
"""
