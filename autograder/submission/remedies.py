"""What a learner can do about a file that cannot be graded: the last sentence of each message."""

from __future__ import annotations

OPEN_AND_SAVE = "Open your own notebook in Jupyter, save it and hand that file in again."
SAVE_AGAIN = "Open it in Jupyter, save it and hand it in again."
HAND_IN_NOTEBOOK = "Hand in the notebook itself, the file that ends in .ipynb."
HARMLESS = "Nothing is lost; saving it in Jupyter gives new ones."
KEEP_THE_SHEETS_CELLS = "Delete the cells that are not the sheet's and hand it in again."
ANSWER_IN_THE_SHEET = "Write your answers into the cells of the sheet and hand that notebook in."
MAKE_IT_CODE = "Make it a code cell (press Y in Jupyter), save and hand in again."


class NotebookError(ValueError):
    """The bytes are no notebook; the message says where and what to do."""
