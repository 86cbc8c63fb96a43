"""Debug it, mended: what is no complete character yet is kept for the next token."""

import codecs

from tinytorch.core.tokenization import BPETokenizer

LINES = ("The lamp is lit.", "Das Café ist geöffnet.", "φως άναψε 👍", "東京の灯台")


def stream(tokenizer, ids):
    """The text of `ids`, handed out in parts as the tokens come."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for token in ids:
        part = decoder.decode(tokenizer.decode_bytes([token]))
        if part:
            yield part
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest


if __name__ == "__main__":
    tokenizer = BPETokenizer.train("The lamp is lit. Café, Café, das Café!", 262)
    for line in LINES:
        print("".join(stream(tokenizer, tokenizer.encode(line))))
