"""The push side: departments send records by `POST /push/<department>/<dataset>` and poll their receipts.

The way in is the spool of `connectors.inbox`; what lies there is read by the next run of the department. A push needs
neither the warehouse nor a run: it is received as long as this server and its disk work.
"""
