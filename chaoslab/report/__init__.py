"""What people and machines read of a run: the terminal report, JSON, and the folder of a run."""

from chaoslab.report.document import check_document, run_document
from chaoslab.report.run_folder import write_run_folder
from chaoslab.report.terminal import check_lines, ladder_lines, run_lines

__all__ = ["check_document", "check_lines", "ladder_lines", "run_document", "run_lines", "write_run_folder"]
