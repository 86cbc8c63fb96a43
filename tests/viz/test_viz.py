"""Pictures: true to the tensors they are made of, well-formed, and harmless."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import tinytorch as torch
from tinytorch import nn, viz


@pytest.fixture
def network():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    loss = nn.functional.cross_entropy(model(torch.rand(5, 6)), torch.randint(0, 3, (5,)))
    return model, loss


def words(picture):
    """The texts of an SVG; parsing fails where it is not well-formed."""
    return [element.text for element in ElementTree.fromstring(picture.svg).iter() if element.text]


def pictures():
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    return {
        "graph": viz.graph((x * x).sum()),
        "broadcast": viz.broadcast((3, 1), (4,)),
        "strides": viz.strides(x.T),
        "activations": viz.activations("relu", "gelu"),
        "landscape": viz.landscape(lambda x, y: x * x + y, {"a < b": [(0, 0), (1, 1)]}),
        "attention": viz.attention(torch.tensor([[[1.0, 0.0], [0.5, 0.5]]] * 2), ["<a>", "b"]),
        "curves": viz.curves({"train & test": [3.0, 2.0, 1.0]}),
    }


@pytest.mark.parametrize("name", list(pictures()))
def test_a_picture_is_well_formed_svg_and_short_text(name):
    picture = pictures()[name]
    assert ElementTree.fromstring(picture.svg).tag.endswith("svg")
    assert picture._repr_svg_() == picture.svg
    assert 1 < len(picture.text.splitlines()) < 60
    assert pictures()[name].svg == picture.svg  # the same each time


def test_a_graph_shows_the_gradients_that_backward_would_give(network):
    model, loss = network
    picture = viz.graph(loss, dict(model.named_parameters()))
    assert all(p.grad is None for p in model.parameters())
    loss.backward()  # nothing was freed
    for name, parameter in model.named_parameters():
        length = float(np.linalg.norm(parameter.grad.numpy()))
        line = next(row for row in picture.text.splitlines() if f"leaf {name}  " in row)
        assert f"gradient {length:.3g}" in line
        assert str(parameter.shape) in line
        assert f"{name}  {parameter.shape}"[:22] in words(picture)


def test_a_graph_counts_what_it_keeps_once_and_without_the_parameters():
    w = torch.rand(1000, requires_grad=True)
    x = torch.rand(1000)
    kept = (w * x * x).sum()  # x is kept by both products, w by none
    assert "4000 bytes" not in viz.graph(kept).text
    assert "3.9 KiB are kept" in viz.graph(kept).text


def test_a_tensor_that_is_used_twice_has_one_box_and_two_arrows():
    w = torch.tensor([2.0], requires_grad=True)
    picture = viz.graph((w * w).sum(), {"w": w})
    assert picture.text.count("leaf w") == 1
    assert "leaf w  (1,)  gradient 4" in picture.text  # the parts of both uses added up
    assert picture.svg.count("marker-end") == 3


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (lambda: torch.rand(3), "without a graph"),
        (lambda: torch.rand(3, requires_grad=True) * 2, r"shape \(3,\), expected a single number"),
        (lambda: sum(torch.rand(1, requires_grad=True) for _ in range(300)).sum(), "more than 400"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(tensor, message):
    with pytest.raises(RuntimeError, match=message):
        viz.graph(tensor())


def test_a_broadcast_shows_what_is_repeated_and_the_values():
    column, row = torch.tensor([[1.0], [2.0]]), torch.tensor([10.0, 20.0, 30.0])
    picture = viz.broadcast(column, row, "mul")
    assert "repeated along dim -1, 3 times" in picture.text
    assert "repeated along dim -2, 2 times" in picture.text
    assert {"a * b  (2, 3)", "60"} <= set(words(picture))


def test_shapes_that_do_not_broadcast_are_refused_with_the_place():
    with pytest.raises(RuntimeError, match="sizes 3 and 4 meet at dim -1"):
        viz.broadcast((2, 3), (4,))


def test_strides_show_the_memory_of_a_slice():
    base = torch.arange(12.0).reshape(3, 4)
    picture = viz.strides(base[1:, ::2])
    rows = [[int(n) for n in row.split()] for row in picture.text.splitlines()[2:]]
    assert rows == [[4, 6], [8, 10]]
    assert "memory of 12 values, not contiguous" in picture.text


@pytest.mark.parametrize("shape", [(), (5,), (1, 1), (2, 3, 4), (0, 3)])
def test_strides_of_any_shape_can_be_drawn(shape):
    words(viz.strides(torch.zeros(shape)))


def test_an_activation_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="got 'rellu'"):
        viz.activations("rellu")


def test_the_path_is_drawn_where_it_went():
    text = viz.landscape(lambda x, y: x * x + y * y, {"walk": [(-2, 2), (2, -2)]}).text
    rows = text.splitlines()
    assert rows[0][0] == "1"
    assert rows[-2][-1] == "1"


def test_pictures_are_saved_whole_and_other_formats_refused(tmp_path):
    picture = viz.broadcast((3, 1), (4,))
    assert picture.save(tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg
    assert picture.save(tmp_path / "a.txt").read_text(encoding="utf-8") == picture.text + "\n"
    with pytest.raises(ValueError, match=r"\.svg or \.txt"):
        picture.save(tmp_path / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "a.txt"]


def test_a_map_of_attention_shows_the_weights_and_the_tokens():
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.2, 0.3, 0.5]])
    picture = viz.attention(weights, ["the", "old", "a b"])
    rows = [line.split() for line in picture.text.splitlines()]
    assert rows[0] == ["percent", "the", "old", "a_b"]
    assert rows[1:] == [
        ["the", "100", ".", "."],
        ["old", "25", "75", "."],
        ["a_b", "20", "30", "50"],
    ]
    assert {"the", "old", "a_b"} <= set(words(picture))
    assert picture.svg.count("<rect") == 1 + 9 + 5  # the paper, the cells, the legend
    assert "old hears the: 25.0%" in words(picture)


def test_maps_of_several_heads_stand_side_by_side():
    picture = viz.attention(torch.ones(1, 2, 2, 3) / 3)
    assert "head 0" in words(picture)
    assert "head 1" in picture.text
    assert picture.svg.count("<rect") == 1 + 2 * 6 + 5


def test_a_long_sequence_is_drawn_with_shades():
    text = viz.attention(torch.tensor(np.eye(40)), "x" * 40).text
    assert text.splitlines()[3] == "x         |  *" + " " * 37 + "|"
    assert max(map(len, text.splitlines())) <= 76


@pytest.mark.parametrize(
    ("shape", "tokens", "message"),
    [((2, 2, 2, 2), None, r"\(2, 2, 2, 2\)"), ((2, 3), ["a", "b"], "got 2 tokens")],
)
def test_a_map_that_cannot_be_drawn_is_refused(shape, tokens, message):
    with pytest.raises(ValueError, match=message):
        viz.attention(torch.ones(*shape), tokens)
