# planted: json-in-the-loop
# needs: nothing
import json

text = json.dumps([i / 7 for i in range(30_000)])
total = 0.0
for _ in range(60):
    total += sum(json.loads(text))  # here
print(total)
