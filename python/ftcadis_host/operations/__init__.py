"""The operations that a program may name: an allow-list. Nothing else can be called from TypeScript.

An operation is a function of the host, the values that the instruction takes, and its parameters by keyword.
"""

from .. import fixtures
from . import copies, data, distributed, first_layer, inference, networks, procedures, tensors, training, watching

OPERATIONS = {
    **tensors.OPERATIONS,
    **copies.OPERATIONS,
    **networks.OPERATIONS,
    **inference.OPERATIONS,
    **first_layer.OPERATIONS,
    **training.OPERATIONS,
    **data.OPERATIONS,
    **distributed.OPERATIONS,
    **watching.OPERATIONS,
    **procedures.OPERATIONS,
    **fixtures.OPERATIONS,
}
