"""Accompany: one button, an on-duty lawyer by video, and evidence that anybody can check."""

__version__ = "0.1.0"
