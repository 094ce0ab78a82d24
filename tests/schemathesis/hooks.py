"""What schemathesis does not know of itself."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_ctx, value):
    """Lines are a text; what is none is sent as it would print."""
    return value if isinstance(value, bytes) else str(value).encode()
