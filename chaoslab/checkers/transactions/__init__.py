"""Consistency of transactions: on lists, on registers, and in workloads that look for one anomaly."""

from chaoslab.checkers.transactions.bank import bank
from chaoslab.checkers.transactions.list_append import list_append, list_append_anomalies
from chaoslab.checkers.transactions.long_fork import long_fork
from chaoslab.checkers.transactions.registers import register_transactions
from chaoslab.checkers.transactions.set_full import set_full

__all__ = ["bank", "list_append", "list_append_anomalies", "long_fork", "register_transactions", "set_full"]
