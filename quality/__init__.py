"""Is it fit for use: the gate, the quarantine, the certificates and the stewards' report.

`gate` judges every row of a batch before it lands, `quarantine` keeps what did not pass, `certificate` states the
proof of a batch to people, `report` looks at whole tables after the landing.
"""
