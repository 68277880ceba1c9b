"""Trials: one run of a person's own async test with one seed, with the faults that it did not have to write."""

from chaoslab.trial.cluster import TrialCluster
from chaoslab.trial.setup import Setup
from chaoslab.trial.tests import TestCode, find_test, provide, setup_of
from chaoslab.trial.trial import Trial, run_trial

__all__ = ["Setup", "TestCode", "Trial", "TrialCluster", "find_test", "provide", "run_trial", "setup_of"]
