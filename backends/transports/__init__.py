"""Ways to carry bytes to a machine: one file each, one line here each."""

from collections.abc import Callable

from ...kernel.registry import Registry
from ..transport import Transport

#: A member makes an unopened transport from a URL; settings that only one kind needs are read from the URL's query.
TRANSPORTS: Registry[Callable[[str], Transport]] = Registry(
    "transports",
    __name__,
    {
        "tcp": ".tcp:Tcp",
        "serial": ".serial:Serial",
        "file": ".file:File",
        "http": ".http:Http",
        "null": ".null:Null",
        "descriptor": ".descriptor:Descriptor",
    },
)
