"""Debug it: letters that turn into question marks.

A chat shows the answer of a model while it is written: each token becomes text and goes to the
screen at once. With English all is well. But

  * "Café" is fine, and "geöffnet" is not;
  * the Greek line has almost no letter right, and the emoji is four question marks;
  * and tokenizer.decode of all ids of a line, at once, is always right.

Mend `stream`, so that text still comes as early as possible.
"""

import codecs  # noqa: F401 - for the mended version

from tinytorch.core.tokenization import BPETokenizer

LINES = ("The lamp is lit.", "Das Café ist geöffnet.", "φως άναψε 👍", "東京の灯台")


def stream(tokenizer, ids):
    """The text of `ids`, handed out in parts as the tokens come."""
    for token in ids:
        yield tokenizer.decode([token])


if __name__ == "__main__":
    tokenizer = BPETokenizer.train("The lamp is lit. Café, Café, das Café!", 262)
    for line in LINES:
        print("".join(stream(tokenizer, tokenizer.encode(line))))
