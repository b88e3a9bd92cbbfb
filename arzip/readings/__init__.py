"""Readings: how a span of bytes is read."""
