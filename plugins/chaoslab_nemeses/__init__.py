"""Fault programs that combine the single faults."""
