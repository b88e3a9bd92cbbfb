"""Whole-number mathematics.

exact           tables of functions, made from Python's exact integers
intrinsics      what numba has no words for
"""
