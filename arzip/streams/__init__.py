"""Streams of any length, in both directions, in the memory of a few segments.

compressor.py     ArzipCompressor: a stream to one frame
decompressor.py   ArzipDecompressor, and `decompress`: frames to their data
numbers.py        what the compressor knows of numbers that go on in the next segment
policy.py         which models and how much memory decoding may use
workers.py        segments coded at the same time, by threads or an executor
reader.py         a compressed file read like any other, from any place; ArzipFile is in files.py

The format leaves open how input is cut into segments, how many are coded at a time and what is
refused: that is decided here. No such decision but the cut changes a byte of a file.
"""
