"""Replication protocols, correct and readable, each a folder."""
