# clean: scalar-loop
# needs: numpy
import time

import numpy as np

n = 1_000_000
a = np.random.rand(n)
b = np.random.rand(n)

start = time.time()
for _ in range(40):
    c = a * b
print("vectorized", time.time() - start)
