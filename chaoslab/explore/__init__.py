"""Many runs: recordings and replays."""

from chaoslab.explore.recording import Recording, read_recording, record, replay, write_recording

__all__ = ["Recording", "read_recording", "record", "replay", "write_recording"]
