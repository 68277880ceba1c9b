"""The short names with which tests and notebooks speak to ChaosLab: ``import chaoslab as cl``.

Rules:

1. Times are seconds, as in Trio, or a distribution where a delay is meant; ratios are from 0 to 1. Nothing here can do
   what the values behind cannot.
2. Every name here is to be had from ``chaoslab`` itself, whose table says in which of these files it is.

``runs`` and ``checks`` are what a test begins and ends with; the rest are the faults, one family a file as in
``chaoslab.faults``: ``network``, ``connections``, ``processes``, ``storage``, ``clocks``, ``topology``,
``administration``.
"""
