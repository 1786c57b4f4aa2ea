"""The page that a department gets: what it sent, what was rejected and why, how late, what to fix first.

`content` is what the page says, `wording` its words (`words.yml`), `charts` its drawings, `page` the HTML.
"""
