"""Structured therapy: sessions in figures and codes, lists in words that can be erased, and notes held apart."""
