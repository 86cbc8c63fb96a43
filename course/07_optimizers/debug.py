"""A program that reads digits with a warm-up, and a report about it.

The report: "The rate should climb for five updates and then come down to nothing. My friend runs
the same model with a constant rate and is far ahead of me after four epochs. I took a rate ten
times as high: better, but the picture of the rate still looks wrong. It goes up like a stair with
four steps, and then the program ends."

Nobody touches the data, the model, or the formula of the warm-up.
"""

import tinytorch as torch
from tinytorch import nn
from tinytorch.core.optimizers import warmup_cosine
from tinytorch.datasets import load_digits


def digits(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first images of the training part as rows, (count, 64), and their labels."""
    images, labels, *_ = load_digits("random", 0)
    return images[:count].reshape(count, 64), labels[:count]


def train(model: nn.Module, data: tuple, epochs: int, lr: float, batch: int = 40) -> dict:
    """Train with Adam, with a warm-up of five updates and half a cosine over all the others.

    Returns: "losses" and "rates", one of each update, and the "schedule" as it stands at the end.
    """
    images, labels = data
    starts = range(0, len(images), batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    factor = warmup_cosine(5, total=epochs * len(starts))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses, rates = [], []
    for _ in range(epochs):
        for i in starts:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[i : i + batch]), labels[i : i + batch])
            loss.backward()
            losses.append(loss.item())
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
    return {"losses": losses, "rates": rates, "schedule": schedule}
