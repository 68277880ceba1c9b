"""ChaosLab."""
