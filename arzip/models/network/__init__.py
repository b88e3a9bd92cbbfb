"""What predicts bytes from a trained network, in whole numbers.

recurrent, transformer      the networks: their tensors, and one step
networks                    either of them, as one type
output_layer                a second output layer, which goes on learning from the file
running                     a network at work: weights, activations, output layer
softmax, functions          the next byte's tree; sigmoid, tanh, exp, ln
tensors                     bounds that keep all sums in 32 bits
"""
