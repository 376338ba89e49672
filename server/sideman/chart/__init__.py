"""Charts: what is to be played when. Bars with a label for each beat, sections, repeats, endings; readers and a writer.

No time belongs here but that of the form, in beats; what a session does with a chart does not.
"""

from .course import Course
from .form import WILDCARD, Bar, Chart, ChartBeat
from .reading import read, read_bytes
from .text import read_text, write_text

__all__ = ["WILDCARD", "Bar", "Chart", "ChartBeat", "Course", "read", "read_bytes", "read_text", "write_text"]
