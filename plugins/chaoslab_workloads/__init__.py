"""Workloads: what clients do, and what must hold of what they saw."""
