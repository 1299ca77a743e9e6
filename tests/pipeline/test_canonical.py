"""The same weights give the same ONNX bytes, which answer as the model did."""

import random

import numpy as np
import onnx
import onnxruntime

from pipeline.export.canonical import canonical_bytes
from pipeline.shared import classifier
from tests.pipeline import material

PIXELS = np.random.default_rng(0).integers(0, 256, (5, *material.SIZE, 3)).astype(np.uint8)


def scrambled(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """``model`` with other names, another order of initializers, notes and no change of sense."""
    odd = onnx.ModelProto()
    odd.CopyFrom(model)
    chance = random.Random(seed)
    kept = {"image", "probabilities", ""}
    names: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if name in kept else names.setdefault(name, f"t{chance.random()}")

    for tensor in odd.graph.initializer:
        tensor.name = renamed(tensor.name)
        tensor.doc_string = f"made by run {seed}"
    for node in odd.graph.node:
        node.name = f"n{chance.random()}"
        node.doc_string = f"made by run {seed}"
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        attributes = list(node.attribute)
        chance.shuffle(attributes)
        del node.attribute[:]
        node.attribute.extend(attributes)
    initializers = list(odd.graph.initializer)
    chance.shuffle(initializers)
    del odd.graph.initializer[:]
    odd.graph.initializer.extend(initializers)
    properties = list(odd.metadata_props)
    chance.shuffle(properties)
    del odd.metadata_props[:]
    odd.metadata_props.extend(properties)
    odd.graph.name = odd.doc_string = odd.graph.doc_string = f"run {seed}"
    return odd


def answers(data: bytes) -> np.typing.NDArray[np.float32]:
    return classifier.probabilities(classifier.create_session(data), PIXELS)


def test_the_same_network_gives_the_same_bytes() -> None:
    model = material.colour_model()
    expected = canonical_bytes(model)
    for seed in range(5):
        odd = scrambled(model, seed)
        assert odd.SerializeToString() != model.SerializeToString()
        assert canonical_bytes(odd) == expected


def test_canonical_bytes_stay_as_they_are() -> None:
    data = canonical_bytes(material.colour_model())
    assert canonical_bytes(onnx.load_from_string(data)) == data


def test_a_canonical_model_is_valid_and_answers_the_same() -> None:
    model = material.colour_model()
    data = canonical_bytes(model)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    assert np.ptp(answers(data)) > 0.1
    np.testing.assert_array_equal(answers(data), answers(model.SerializeToString()))


def test_metadata_inputs_and_outputs_stay() -> None:
    session = onnxruntime.InferenceSession(canonical_bytes(material.colour_model()))
    assert session.get_modelmeta().custom_metadata_map == {
        "genres": '["Comedy", "Drama", "Horror"]',
        "thresholds": "[0.5, 0.5, 0.5]",
        "input_size": "[32, 32]",
        "training_data": '"none.dir"',
    }
    (image,), (output,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type, image.shape) == ("image", "tensor(uint8)", ["batch", 32, 32, 3])
    assert (output.name, output.shape) == ("probabilities", ["batch", 3])


def test_another_weight_gives_other_bytes() -> None:
    weights = np.ones((3, 3), np.float32)
    bias = np.zeros(3, np.float32)
    first = canonical_bytes(material.linear_model(weights, bias, (0.5,) * 3))
    weights[0, 0] = np.nextafter(np.float32(1), np.float32(2))
    assert canonical_bytes(material.linear_model(weights, bias, (0.5,) * 3)) != first


def test_the_model_that_is_given_is_not_changed() -> None:
    model = material.colour_model()
    before = model.SerializeToString()
    canonical_bytes(model)
    assert model.SerializeToString() == before
