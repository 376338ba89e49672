"""The C++ core: see `osc`, `model` and (on Linux) `wire`."""

from . import model as model
from . import osc as osc
from . import wire as wire
