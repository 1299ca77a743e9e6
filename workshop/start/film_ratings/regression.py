"""Linear regression by gradient descent."""


def predict(model, values):
    """The guess for one film."""
    return model["bias"] + sum(w * value for w, value in zip(model["weights"], values, strict=True))


def fit(inputs, ratings, steps, rate=0.1):
    """The model after each step."""
    model = {"bias": sum(ratings) / len(ratings), "weights": [0.0] * len(inputs[0])}
    for _ in range(steps):
        errors = [predict(model, values) - r for values, r in zip(inputs, ratings, strict=True)]
        model["bias"] -= rate * sum(errors) / len(errors)
        for at in range(len(model["weights"])):
            slope = sum(e * values[at] for e, values in zip(errors, inputs, strict=True))
            model["weights"][at] -= rate * slope / len(errors)
        yield model


def mean_error(model, inputs, ratings):
    """The mean distance between the guesses and the ratings."""
    errors = [abs(predict(model, values) - r) for values, r in zip(inputs, ratings, strict=True)]
    return sum(errors) / len(errors)
