# planted: scalar-loop
# needs: numpy
import time

import numpy as np

n = 1_000_000
a = np.random.rand(n)
b = np.random.rand(n)

start = time.time()
c = np.zeros(n)
for i in range(n):  # here
    c[i] = a[i] * b[i]
print("loop", time.time() - start)

start = time.time()
c = a * b
print("vectorized", time.time() - start)
