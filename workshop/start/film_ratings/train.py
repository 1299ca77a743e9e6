"""Learns to guess the rating of a film from its year, its length and its budget."""

import csv
import json
import random

from regression import fit, mean_error

SEED = 7
STEPS = 300
TEST_SHARE = 0.2

with open("ratings.csv") as file:
    films = list(csv.DictReader(file))
random.Random(SEED).shuffle(films)

inputs = [
    [(int(film["year"]) - 2000) / 25, int(film["minutes"]) / 120 - 1, int(film["budget"]) / 100]
    for film in films
]
ratings = [float(film["rating"]) for film in films]
at = int(len(films) * TEST_SHARE)
test, train = (inputs[:at], ratings[:at]), (inputs[at:], ratings[at:])

curve = []
for step, model in enumerate(fit(*train, steps=STEPS)):
    if step % 10 == 0:
        curve.append([step, mean_error(model, *train), mean_error(model, *test)])
error = round(mean_error(model, *test), 4)

with open("model.json", "w") as file:
    json.dump(model, file)

with open("metrics.json", "w") as file:
    json.dump({"mean_error": error, "films": len(test[0])}, file)

with open("curve.csv", "w", newline="") as file:
    csv.writer(file, lineterminator="\n").writerows([["step", "train", "test"], *curve])

print("the error on the test films is", error)
