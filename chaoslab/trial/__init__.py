"""Trials: one run of a person's own async test with one seed, with the faults that it did not have to write."""

from chaoslab.trial.cluster import TrialCluster
from chaoslab.trial.setup import Setup
from chaoslab.trial.trial import Trial, registry_of, run_trial, setup_of

__all__ = ["Setup", "Trial", "TrialCluster", "registry_of", "run_trial", "setup_of"]
