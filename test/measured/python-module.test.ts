// What Python imports of a shipped folder predicts as the folder does in Node: on onnxruntime, OpenVINO and LiteRT of the user's own Python.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readTflite } from '@whyslow/formats/tflite.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { litert } from '@whyslow/measure/engines/litert/litert.ts'
import { openvino } from '@whyslow/measure/engines/openvino/openvino.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { shipFolder } from '@whyslow/model/ship/index.ts'
import type { ShipPlan } from '@whyslow/model/ship/plan.ts'
import { FIXTURES, installIn, planFor, planOf, ROOT, runIn, scratch } from '@whyslow/model/support/ship/example-plan.ts'
import { describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'

function hasPackages(...packages: readonly string[]): boolean {
  const code = `import importlib.util as u, sys; sys.exit(any(u.find_spec(one) is None for one in ${JSON.stringify(packages)}))`
  return spawnSync(python, ['-c', code]).status === 0
}

/** Runs code in the parent of the folder; the last line that it prints is JSON. */
function inPython(out: string, code: string): unknown {
  const { status, stdout, stderr } = spawnSync(python, ['-c', `import json\nimport numpy as np\n${code}`], {
    cwd: path.dirname(out),
    encoding: 'utf8',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: undefined, PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

const HAS_ORT = hasPackages('numpy', 'onnxruntime')
const WITH_ORT = needs('an interpreter with NumPy and onnxruntime')

describe.skipIf(!HAS_ORT)('on onnxruntime', WITH_ORT, () => {
  test.each([
    ['credit_mlp', 'float32'],
    ['symbolic-batch', 'float32'],
    ['credit_xgb', 'float32'],
  ])('%s gives what Node gives', async (name, dtype) => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, `${name}.onnx`), out)
    await shipFolder(plan)
    installIn(out)
    const [{ name: input, shape }] = plan.inputs as [ShipPlan['inputs'][0]]
    const columns = shape!.at(-1) as number
    const values = Array.from({ length: 3 * columns }, (_, k) => ((k * 37) % 100) / 25)
    const node = runIn(
      out,
      `import { load } from './predict.mjs'
      const results = await (await load()).predict({ ${JSON.stringify(input)}: { type: '${dtype}', data: Float32Array.from(${JSON.stringify(values)}), dims: [3, ${columns}] } })
      print(Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)])))`,
    ) as Record<string, readonly number[]>
    const own = inPython(
      out,
      `from fast import load
x = np.array(${JSON.stringify(values)}, np.${dtype}).reshape(3, -1)
with load() as model:
    results = model.predict({${JSON.stringify(input)}: x})
print(json.dumps({name: value.ravel().astype(float).tolist() for name, value in results.items()}))`,
    ) as Record<string, readonly number[]>
    expect(Object.keys(own)).toEqual(Object.keys(node))
    for (const [output, numbers] of Object.entries(node)) {
      expect(own[output]!.length).toBe(numbers.length)
      for (const [k, value] of numbers.entries()) expect(own[output]![k]).toBeCloseTo(value, 4)
    }
  })

  test('says what is wrong with what it is given, and is closed once', async () => {
    const out = path.join(scratch(), 'fast')
    await shipFolder(await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out))
    const said = inPython(
      out,
      `import os
from fast import load
def why(call):
    try:
        return str(call())
    except Exception as error:
        return f'{type(error).__name__}: {error}'
x = np.zeros((2, 16), np.float32)
model = load()
said = [why(lambda: model.predict(x=x.astype(float))), why(lambda: model.predict(z=x)), why(lambda: model.predict()), why(lambda: model(x, x)),
    why(lambda: model.predict(x=[[0.0] * 16])['y'].shape[0]), why(lambda: model(x).shape[0]), os.environ['ORT_DISABLE_TELEMETRY']]
model.close()
model.close()
print(json.dumps([*said, why(lambda: model.predict(x=x))]))`,
    )
    expect(said).toEqual([
      "TypeError: the input 'x' is float64 where the model takes float32: give x.astype('float32')",
      "TypeError: the model has no input 'z'; its inputs: x",
      "TypeError: the input 'x' is missing; the model needs x",
      'TypeError: 2 values were given; the model has 1 inputs: x',
      '1',
      '2',
      '1',
      'RuntimeError: predict() was called after close(); load() the model again',
    ])
  })

  test('called as a module of PyTorch, it gives tensors for tensors', async () => {
    const out = path.join(scratch(), 'fast')
    await shipFolder(await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out))
    const own = inPython(
      out,
      `import sys, types
class Tensor:
    def __init__(self, value): self.value = value
    def detach(self): return self
    def cpu(self): return self
    def numpy(self): return self.value
sys.modules['torch'] = types.SimpleNamespace(from_numpy=Tensor)
from fast import load
model = load().eval()
x = np.ones((2, 16), np.float32)
tensor = model(Tensor(x))
print(json.dumps([type(tensor).__name__, bool((tensor.value == model(x)).all()), type(model(x=x)).__name__]))`,
    )
    expect(own).toEqual(['Tensor', true, 'ndarray'])
  })

  test('names of a model are texts and no code, in the module and in its types', async () => {
    const out = path.join(scratch(), 'fast')
    const name = `'"\\ */ {evil()}\n\u2028evil()`
    const plan = await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out)
    await shipFolder({ ...plan, inputs: [{ name, isTensor: true, dtype: 'float32', shape: ['evil()', 3] }] })
    const own = inPython(
      out,
      `import ast
types = ast.parse(open('fast/predict.pyi', encoding='utf8').read())
source = ast.parse(open('fast/predict.py', encoding='utf8').read())
inputs = next(one.value for one in source.body if isinstance(one, ast.Assign) and one.targets[0].id == 'INPUTS')
print(json.dumps([[type(one).__name__ for one in types.body], [ast.literal_eval(key) for key in inputs.keys]]))`,
    )
    expect(own).toEqual([['ImportFrom', 'ImportFrom', 'Import', 'ImportFrom', 'Assign', 'ClassDef', 'FunctionDef'], [name]])
  })

  test('the lines of README.md run in the folder', async () => {
    const out = path.join(scratch(), 'fast')
    await shipFolder(await planFor(path.join(FIXTURES, 'symbolic-image.onnx'), out))
    const code = /```python\n([\s\S]+?)```/.exec(fs.readFileSync(path.join(out, 'README.md'), 'utf8'))![1]!
    expect(inPython(out, `import os\nos.chdir('fast')\nimport sys\nsys.path.insert(0, '.')\n${code}\nprint('1')`)).toBe(1)
  })
})

test.skipIf(!hasPackages('numpy', 'ai_edge_litert'))(
  'on LiteRT, with batches of two sizes',
  needs('an interpreter with NumPy and LiteRT'),
  async () => {
    const file = path.join(ROOT, 'fixtures/formats/tflite/engine/perceptron.tflite')
    const model = await readTflite(file)
    const out = path.join(scratch(), 'fast')
    const library = litert.shipped!({ ...plainOptions, threads: 1 })
    await shipFolder({
      ...planOf(model, out),
      engine: { id: 'litert', version: '2.1.0', package: 'ai-edge-litert', library },
      original: { file, sha256: model.source.sha256, proto: model.proto },
    })
    const [one, three, again] = inPython(
      out,
      `from fast import load
model = load()
x = (np.arange(48, dtype=np.float32).reshape(3, 16) - 20) / 16
print(json.dumps([model.predict(x=rows)['y'].tolist() for rows in (x[:1], x, x[:1])]))`,
    ) as readonly (readonly (readonly number[])[])[]
    expect([one!.length, three!.length]).toEqual([1, 3])
    for (const [k, value] of one![0]!.entries()) expect(three![0]![k]).toBeCloseTo(value, 5)
    expect(again).toEqual(one)
  },
)

test.skipIf(!hasPackages('numpy', 'openvino', 'onnxruntime'))(
  'on OpenVINO, as on onnxruntime',
  needs('an interpreter with NumPy, OpenVINO and onnxruntime'),
  async () => {
    const own = async (engine: Partial<ShipPlan>) => {
      const out = path.join(scratch(), 'fast')
      await shipFolder({ ...(await planFor(path.join(FIXTURES, 'symbolic-batch.onnx'), out)), ...engine })
      return inPython(
        out,
        `from fast import load
model = load()
x = (np.arange(48, dtype=np.float32).reshape(3, 16) - 20) / 16
print(json.dumps([model.predict(x=rows)['y'].ravel().tolist() for rows in (x, x[:1], x[::-1])]))`,
      ) as readonly (readonly number[])[]
    }
    const library = openvino.shipped!({ ...plainOptions, threads: 1 })
    const version = 'of unknown version'
    const there = await own({ engine: { id: 'openvino', version, package: 'openvino-node', precision: 'float32', library } })
    for (const [sample, numbers] of (await own({})).entries())
      for (const [k, value] of numbers.entries()) expect(there[sample]![k]).toBeCloseTo(value, 4)
  },
)

test.skipIf(!hasPackages('numpy', 'openvino'))(
  // 2024.6 does not keep it, 2026.4 does.
  'on OpenVINO, with an input that nothing reads',
  needs('an interpreter with NumPy and OpenVINO'),
  async () => {
    const own = async (opType: string) => {
      const inputs = ['x', 'unread'].map((name) => valueInfo(name, 'float32', [1, 3]))
      const outputs = [valueInfo('y', 'float32', [1, 3])]
      const made = modelInMemory(model({ nodes: [node(opType, ['x'], ['y'])], inputs, outputs }))
      const out = path.join(scratch(), 'fast')
      const library = openvino.shipped!({ ...plainOptions, threads: 1 })
      const version = 'of unknown version'
      const engine = { id: 'openvino', version, package: 'openvino-node', precision: 'float32', library } as const
      await shipFolder({ ...planOf(made, out), engine })
      return inPython(
        out,
        `from fast import load
model = load()
x = np.array([[1, 2, 3]], np.float32)
print(json.dumps([model.predict(x=value, unread=x)['y'].tolist() for value in (x, x + 1)]))`,
      )
    }
    expect(await own('Neg')).toEqual([[[-1, -2, -3]], [[-2, -3, -4]]])
    // It names the input as the output that it is passed on to: it would be left at zeros.
    await expect(own('Dropout')).rejects.toThrow(/OpenVINO has other names for the inputs of .*model.onnx: .*y/)
  },
)
