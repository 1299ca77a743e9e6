"""One ONNX file for one network: the same weights always give the same bytes."""

import onnx


def canonical_bytes(model: onnx.ModelProto) -> bytes:
    """The bytes of ``model`` with tensors and nodes named in the graph's order.

    tf2onnx numbers what it makes anew in each run, and orders the initializers by hash. Only the
    names of inputs and outputs stay, and what plays no part in the answer goes.
    """
    tidy = onnx.ModelProto()
    tidy.CopyFrom(model)
    tidy.ClearField("doc_string")
    graph = tidy.graph
    graph.name = "posters"
    for field in ("doc_string", "value_info", "quantization_annotation"):
        graph.ClearField(field)
    names = _names(graph)
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
        tensor.ClearField("doc_string")
    graph.initializer.sort(key=lambda tensor: tensor.name)
    for number, node in enumerate(graph.node):
        node.name = f"node_{number:04}"
        node.ClearField("doc_string")
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
        node.attribute.sort(key=lambda attribute: attribute.name)
    tidy.metadata_props.sort(key=lambda entry: entry.key)
    tidy.opset_import.sort(key=lambda opset: opset.domain)
    return bytes(tidy.SerializeToString(deterministic=True))


def _names(graph: onnx.GraphProto) -> dict[str, str]:
    """The new name of every tensor, numbered in the order in which the nodes mention them."""
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    names[""] = ""  # an optional input that a node goes without
    for node in graph.node:
        for name in (*node.input, *node.output):
            names.setdefault(name, f"tensor_{len(names):04}")
    return names
