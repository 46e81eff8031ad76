"""What a DSPy program spends, told to dspy-metrics by headers of its responses.

The command `dspy-metrics`, which the wheel carries, is a proxy for the program and measures it.
This package works without it: any proxy or log can read the headers.

    import dspy
    from dspy_metrics import HeadersMiddleware, UsageCallback

    dspy.configure(callbacks=[UsageCallback()])
    app = HeadersMiddleware(app)  # any ASGI application
"""

from dspy_metrics.headers import HeadersMiddleware, Tally, UsageCallback, current, measure

__all__ = ["HeadersMiddleware", "Tally", "UsageCallback", "current", "measure"]
