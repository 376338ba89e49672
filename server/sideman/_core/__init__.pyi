"""The C++ core: see `osc` and `model`."""

from . import model as model
from . import osc as osc
