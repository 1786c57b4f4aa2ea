"""Is it fit for use: the gate, the quarantine, the certificates and the stewards' report.

`gate` judges every row of a batch before it lands, `quarantine` keeps what did not pass, `certificate` states the
proof of a batch to people. `checkpoint` looks at whole tables after the landing: what it expects stands in `suites`,
`vocabulary` and `thresholds`, what came of it in `outcomes` and on the pages of `data_docs`.
"""
