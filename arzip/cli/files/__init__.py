"""Work on files.

batch           takes one file after the other
sources         what is read: standard input, files, directories
outputs         what is written: standard output, devices, files
transfer        the way of the bytes between
verification    proof that what was written is what was read
summaries       what -v says of it
"""
