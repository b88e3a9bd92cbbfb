"""Whole-number mathematics: exact tables, and what compiled code has no words for."""
