"""Two arrays of a million random numbers, multiplied in a loop, and then vectorized: a script as tutorials have it."""
import time

import numpy as np

a = np.random.rand(1000000)
b = np.random.rand(1000000)

c = []
tic = time.time()
for i in range(1000000):
    c.append(a[i] * b[i])
toc = time.time()
print("loop:", 1000 * (toc - tic), "ms")

tic = time.time()
d = a * b
toc = time.time()
print("vectorized:", 1000 * (toc - tic), "ms")
