"""What a tutorial would write: UploadFile, Pillow, NumPy, and ONNX Runtime as it comes."""

import os
from typing import Any

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image

app = FastAPI()
session = onnxruntime.InferenceSession(os.environ["BENCHMARK_MODEL"])
height, width = session.get_inputs()[0].shape[1:3]
genres = [f"genre {number}" for number in range(session.get_outputs()[0].shape[1])]


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, Any]:
    """The probability of each genre, the highest first."""
    image = Image.open(file.file).convert("RGB").resize((width, height))
    pixels = np.asarray(image, np.uint8)[np.newaxis]
    probabilities = session.run(None, {"image": pixels})[0][0]
    ranked = sorted(zip(genres, probabilities.tolist(), strict=True), key=lambda each: -each[1])
    return {
        "filename": file.filename,
        "genres": [{"genre": genre, "probability": value} for genre, value in ranked],
    }
