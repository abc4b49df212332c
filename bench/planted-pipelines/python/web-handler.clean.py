# planted: scalar-loop
# needs: fastapi numpy
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
weights = np.linspace(0.5, 1.5, 4000)

class Signal(BaseModel):
    values: list[float] = [0.25] * 4000

@app.get("/health")
def health():
    return {"ok": True}

@app.post("/score")
def score(signal: Signal):
    x = np.array(signal.values)

    out = x * weights + 0.5
    return {"score": float(out.sum())}
