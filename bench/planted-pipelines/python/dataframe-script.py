# planted: dataframe-conversion
# needs: pandas
import pandas as pd

total = 0
for k in range(3000):
    frame = pd.DataFrame([{"a": k, "b": 2.0}])  # here
    total += len(frame)
print(total)
