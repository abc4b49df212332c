// What the code of findings' pages is given, for before-after.mjs: `setup` makes the names that it uses, `about` says how much of them there is.
const NUMPY = 'import numpy as np'
const floats = (count) => `Array.from({ length: ${count} }, (_, at) => (at * 7919) % 1000 / 7)`
const SESSION = {
  setup: `
import ort from 'onnxruntime-node'
const model = await ort.InferenceSession.create('credit_mlp.onnx', { intraOpNumThreads: 1 })
const session = { run: ({ x }) => model.run({ X: x }) }
const rows = Array.from({ length: 8 }, (_, row) => Float32Array.from({ length: 23 }, (_, at) => (row + at) % 5))
const row = rows[0]`,
}
const PYTHON_SESSION = {
  setup: `
import numpy as np, onnxruntime as ort
options = ort.SessionOptions()
options.intra_op_num_threads = 1
model = ort.InferenceSession('credit_mlp.onnx', options)
class session:
    run = staticmethod(lambda names, feeds: model.run(names, {'X': feeds['x']}))
rows = [np.arange(23, dtype=np.float32) for _ in range(8)]
row = rows[0]`,
}
const IMAGE = `${NUMPY}
image = np.random.default_rng(0).integers(0, 256, (640, 640, 3)).astype(np.uint8)`

export const PAGES = {
  'array-of-numbers-input': {
    about: '50,000 numbers',
    node: {
      setup: `
const numbers = ${floats(50_000)}
const body = JSON.stringify(numbers)
const bytes = Buffer.from(Float32Array.from(numbers).buffer)`,
    },
    python: {
      setup: `
import json, numpy as np
numbers = np.random.default_rng(0).normal(size=50_000).astype(np.float32)
body, data = json.dumps(numbers.tolist()), numbers.tobytes()`,
    },
  },
  'batch-headroom': { about: '8 rows of a small network', node: SESSION, python: PYTHON_SESSION },
  'channels-first-convolutions': {
    about: 'a ResNet-18 with an image of 224 pixels, one thread',
    python: {
      setup: `
import torch, torchvision
torch.set_num_threads(1)
torch.set_grad_enabled(False)
x = torch.rand(1, 3, 224, 224)`,
      timed: ['model(x)', 'model(x.contiguous(memory_format=torch.channels_last))'],
    },
  },
  'costly-activations': {
    about: 'a million values in PyTorch, one thread',
    python: {
      setup: `
import torch
from torch import nn
torch.set_num_threads(1)
torch.set_grad_enabled(False)
x = torch.rand(1_000_000)`,
      timed: 'layer(x)',
    },
  },
  'dataframe-conversion': {
    about: 'a linear model with 24 columns, one row',
    python: {
      setup: `
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
COLUMNS = [f'c{at}' for at in range(24)]
table = np.random.default_rng(0).normal(size=(500, 24)).astype(np.float32)
labels = table[:, 0] > 0
framed = LogisticRegression().fit(pd.DataFrame(table, columns=COLUMNS), labels)
plain = LogisticRegression().fit(table, labels)
class model:
    predict_proba = staticmethod(lambda x: (framed if isinstance(x, pd.DataFrame) else plain).predict_proba(x))
customer = dict(zip(COLUMNS, table[0].tolist()))`,
    },
  },
  'dataframe-per-row': {
    about: '2,000 rows',
    python: {
      setup: `
import numpy as np, pandas as pd
frame = pd.DataFrame({'price': np.arange(2000.0), 'count': np.arange(2000) % 7})`,
    },
  },
  'decode-dominates': {
    about: 'a JPEG of 1920 × 1080 pixels',
    python: {
      setup: `
import numpy as np
from PIL import Image
file = 'photo.jpg'
Image.fromarray(np.random.default_rng(0).integers(0, 256, (135, 240, 3)).astype(np.uint8)).resize((1920, 1080)).save(file)`,
    },
  },
  'device-transfer-in-the-loop': {
    about: '256 rows on a CPU, which has nothing to wait for',
    python: {
      setup: `
import torch
torch.set_num_threads(1)
torch.set_grad_enabled(False)
model, x = torch.nn.Linear(16, 2), torch.rand(256, 16)`,
    },
  },
  'file-in-the-loop': {
    about: '1,000 labels',
    node: {
      setup: `
const LABELS = Array.from({ length: 1000 }, (_, at) => 'label number ' + at)
fs.writeFileSync('labels.json', JSON.stringify(LABELS))
const best = 7`,
    },
    python: {
      setup: `
LABELS = [f'label number {at}' for at in range(1000)]
open('labels.txt', 'w').write('\\n'.join(LABELS))
best = 7`,
    },
  },
  'float64-inputs': {
    about: 'an image of 224 pixels',
    node: { setup: 'const pixels = new Uint8Array(150528).fill(7)\nconst x = new Float32Array(150528)' },
    python: { setup: `${NUMPY}\npixels = np.full((224, 224, 3), 7, np.uint8)` },
  },
  'garbage-collection': {
    about: '150,528 pixels',
    node: {
      setup:
        'const [MEAN, STD] = [0.45, 0.22]\nconst pixels = Array.from({ length: 150528 }, (_, at) => at % 256)\nconst x = new Float32Array(150528)',
    },
    python: {
      setup: `${NUMPY}
MEAN, STD = 0.45, 0.22
SCALE, BIAS = np.float32(1 / (255 * STD)), np.float32(-MEAN / STD)
pixels = np.arange(150528).astype(np.float32) % 256
x = np.empty_like(pixels)`,
    },
  },
  'gradient-tracking': {
    about: 'a network of 12 layers of 32 units',
    python: {
      setup: `
import torch
torch.set_num_threads(1)
model = torch.nn.Sequential(*[layer for _ in range(12) for layer in (torch.nn.Linear(32, 32), torch.nn.ReLU())])
x = torch.rand(1, 32)`,
    },
  },
  'graph-optimization-off': {
    about: 'a small image model, one thread',
    node: {
      setup: `
import onnx from 'onnxruntime-node'
const ort = { InferenceSession: { create: (_, options) => onnx.InferenceSession.create('image.onnx', { ...options, intraOpNumThreads: 1 }) } }
const feeds = { x: new onnx.Tensor('float32', new Float32Array(3 * 48 * 192), [1, 3, 48, 192]) }`,
      timed: 'await session.run(feeds)',
    },
  },
  'growing-array': {
    about: '5,000 values',
    node: { setup: 'const values = Array.from({ length: 5000 }, (_, at) => at % 256)' },
    python: { setup: `${NUMPY}\nvalues = [at % 256 for at in range(5000)]` },
  },
  'image-transforms': {
    about: 'an image of 640 pixels',
    python: {
      setup: `${IMAGE}
pixels = image
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
SCALE, BIAS = (1 / (255 * STD))[:, None, None], (-MEAN / STD)[:, None, None]
x = np.empty((3, 640, 640), np.float32)`,
    },
  },
  'json-in-the-loop': {
    about: '150,528 numbers',
    node: {
      setup: `
const numbers = ${floats(150_528)}
const text = JSON.stringify(numbers)
const bytes = Buffer.from(Float32Array.from(numbers).buffer)`,
    },
    python: {
      setup: `
import json, numpy as np
numbers = np.random.default_rng(0).random(150_528).astype(np.float32)
text, data = json.dumps(numbers.tolist()), numbers.tobytes()`,
    },
  },
  'layout-shuffle': {
    about: 'an image of 160 pixels',
    node: {
      setup:
        'const [height, width] = [160, 160]\nconst pixels = new Uint8Array(3 * 160 * 160).fill(7)\nconst planes = new Float32Array(3 * 160 * 160)',
    },
    python: {
      setup: `${NUMPY}
height, width = 160, 160
pixels = np.full((160, 160, 3), 7, np.uint8)
planes = np.empty((3, 160, 160), np.float32)`,
    },
  },
  'model-reloaded-per-call': {
    about: 'a model of 50 kB',
    node: {
      setup: `
import onnx from 'onnxruntime-node'
const ort = { InferenceSession: { create: () => onnx.InferenceSession.create('credit_mlp.onnx') } }
const SESSION = await ort.InferenceSession.create()
const feeds = { X: new onnx.Tensor('float32', new Float32Array(23), [1, 23]) }`,
    },
    python: {
      setup: `
import numpy as np, onnxruntime, shutil
ort = onnxruntime
shutil.copy('credit_mlp.onnx', 'model.onnx')
SESSION = ort.InferenceSession('model.onnx')
feeds = {'X': np.zeros((1, 23), np.float32)}`,
    },
  },
  'predict-call-overhead': {
    about: 'a Keras model of two small layers, one row',
    python: {
      setup: `
import os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
model = tf.keras.Sequential([tf.keras.Input((16,)), tf.keras.layers.Dense(32, 'relu'), tf.keras.layers.Dense(1)])
x = np.zeros((1, 16), np.float32)
predict = tf.function(lambda x: model(x, training=False))`,
    },
  },
  'promise-all-is-not-parallel': { about: '8 rows of a small network', node: SESSION },
  'python-overhead': {
    about: '200 boxes on a CPU',
    python: {
      setup: `
import torch
torch.set_num_threads(1)
torch.set_grad_enabled(False)
head, features, boxes, scores = torch.nn.Linear(64, 1), torch.rand(1000, 64), list(range(200)), []`,
    },
  },
  'repeated-allocation': {
    about: 'an image of 640 pixels',
    node: {
      setup:
        'const image = new Uint8Array(3 * 640 * 640).fill(7)\nconst fill = (x, from) => x.set(from)\nconst BUFFER = new Float32Array(3 * 640 * 640)',
    },
    python: {
      setup: `${NUMPY}
image = np.full((3, 640, 640), 7, np.float32)
SCALE, BIAS = np.float32(1 / 255), np.float32(-0.5)
x = np.empty_like(image)`,
    },
  },
  'scalar-loop': {
    about: '100,000 values',
    node: {
      setup:
        'const [MEAN, STD] = [0.45, 0.22]\nconst values = Array.from({ length: 100000 }, (_, at) => at % 256)\nconst typed = Float32Array.from(values)',
    },
    python: { setup: `${NUMPY}\nleft, right = np.arange(100_000.0), np.arange(100_000.0) % 7` },
  },
  'sequential-calls': { about: '8 rows of a small network', node: SESSION, python: PYTHON_SESSION },
  'slow-sampler': {
    about: '50,000 logits',
    node: { setup: 'const logits = Float32Array.from({ length: 50000 }, (_, at) => (at * 7919) % 50021)' },
    python: { setup: `${NUMPY}\nlogits = np.random.default_rng(0).normal(size=50_000).astype(np.float32)` },
  },
  'tensor-copies': {
    about: '256 rows of 512 numbers',
    python: {
      setup: `
import numpy as np, torch
torch.set_num_threads(1)
torch.set_grad_enabled(False)
model = torch.nn.Linear(512, 8)
rows = np.random.default_rng(0).normal(size=(256, 512))
rows32 = rows.astype(np.float32)`,
    },
  },
  'tensor-read-in-forward': {
    about: '64 rows on a CPU, which has nothing to wait for',
    python: { setup: 'import torch\ntorch.set_num_threads(1)\nx = torch.rand(64, 512)' },
  },
  'training-mode': {
    about: 'a small network of convolutions, one thread',
    python: {
      setup: `
import torch
from torch import nn
torch.set_num_threads(1)
torch.set_grad_enabled(False)
layers = [part for _ in range(6) for part in (nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Dropout(0.1))]
torch.save(nn.Sequential(*layers), 'model.pth')
x = torch.rand(1, 32, 56, 56)`,
      timed: 'model(x)',
    },
  },
  'unfused-elementwise': {
    about: 'a million values in PyTorch',
    python: {
      setup: 'import torch\nimport torch.nn.functional as F\ntorch.set_num_threads(1)\nx = torch.rand(1_000_000)',
    },
  },
  'wrapper-overhead': {
    about: '200 trees of XGBoost, one row',
    python: {
      setup: `
import numpy as np, pandas as pd, xgboost
COLUMNS = [f'f{at}' for at in range(12)]
table = np.random.default_rng(0).normal(size=(2000, 12)).astype(np.float32)
model = xgboost.XGBClassifier(n_estimators=200, max_depth=5, n_jobs=1).fit(table, table[:, 0] * table[:, 1] > 0)
row = table[0]`,
    },
  },
}
