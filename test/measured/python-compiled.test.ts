// A model that is code, in the user's own Python: C that the machine's compiler builds, WebAssembly in wasmtime, and NumPy give what Node gives, sums
// of trees to the last bit.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readProgram } from '@whyslow/compile/shipped/compiled.mjs'
import { readModel } from '@whyslow/formats/index.ts'
import { shipFolder } from '@whyslow/model/ship/index.ts'
import { FIXTURES, planOf, ROOT, runIn, scratch } from '@whyslow/model/support/ship/example-plan.ts'
import { describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const FORMATS = path.join(ROOT, 'fixtures/formats')
const has = (code: string): boolean => spawnSync(python, ['-c', code]).status === 0
const backends = [
  ...(has('import numpy, shutil, sys; sys.exit(not any(map(shutil.which, ("cc", "gcc", "clang"))))') ? ['c'] : []),
  ...(has('import numpy, wasmtime') ? ['wasmtime'] : []),
  'numpy',
]

const FILES = [
  'xgboost/2.1-binary.json',
  'xgboost/2.1-categories.ubj',
  'xgboost/2.0-leaf-vectors-of-classes.ubj',
  'xgboost/1.7-softprob.ubj',
  'lightgbm/4.7-multiclass.txt',
  'lightgbm/4.7-many-categories.txt',
  'lightgbm/4.7-zero-as-missing.txt',
  'lightgbm/4.7-linear-trees.txt',
  'lightgbm/4.7-random-forest.txt',
  'catboost/named-classes.json',
  'catboost/quantile.json',
  'skops/1.9-components-of-columns.skops',
  'skops/1.9-tree-of-products-and-bins.skops',
  'skops/1.9-clipped.skops',
]

/** Logarithms and exponentials are those of each language's own library. */
const OF_FUNCTIONS = ['functions-of-columns', 'powers'].map((name) => path.join(FORMATS, `skops/1.9-${name}.skops`))

/** What the trees compare with: equal numbers go the other way than those next to them. */
function thresholdsOf(out: string): number[] {
  const name = fs.existsSync(path.join(out, 'model-walk.json')) ? 'model-walk' : 'model'
  const { scores } = readProgram(
    fs.readFileSync(path.join(out, `${name}.json`), 'utf8'),
    fs.readFileSync(path.join(out, `${name}.bin`)),
  )
  if (scores.kind !== 'walk') return []
  const { nodeBytes, tables } = scores
  const view = new DataView(tables.nodes.slice().buffer)
  const found = Array.from({ length: view.byteLength / nodeBytes }, (_, k) =>
    nodeBytes === 8 ? view.getFloat32(k * 8, true) : view.getFloat64(k * 16, true),
  )
  return found.flatMap((value) => [value, -value])
}

/** Numbers that lead all ways: missing ones, zeros, categories, large and small ones, and `own` ones. The same at every run. */
function numbers(count: number, own: readonly number[] = []): number[] {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const special = [Number.NaN, 0, -0, 1, 2, 5, -1, 1e-36, 31, 2.5]
  const chosen = (of: readonly number[]) => of[Math.floor(random() * of.length)]!
  return Array.from({ length: count }, () =>
    random() < 0.3 ? chosen(special) : own.length > 0 && random() < 0.6 ? chosen(own) : Math.fround((random() - 0.5) * 8),
  )
}

const ROWS = [0, 1, 3, 70]

/** Results of each number of rows by name of the output, as texts that keep every bit. */
type Results = readonly Readonly<Record<string, readonly string[]>>[]

async function shipped(file: string, out: string) {
  const model = await readModel(file)
  await shipFolder({ ...planOf(model, out), engine: { id: 'compiled', version: '1', package: 'whyslow', generated: true } })
  const { compiled } = JSON.parse(fs.readFileSync(path.join(out, 'options.json'), 'utf8'))
  return compiled as { inputs: { name: string; dtype: string; columns: number }[]; outputs: { name: string; what: string }[] }
}

function inNode(out: string, input: { name: string; dtype: string; columns: number }, values: readonly number[]): Results {
  const Elements = input.dtype === 'float64' ? 'Float64Array' : 'Float32Array'
  const given = JSON.stringify(values.map((value) => (Number.isNaN(value) ? null : Object.is(value, -0) ? '-0' : value)))
  return runIn(
    out,
    `import { load } from './predict.mjs'
const values = ${given}.map((one) => (one === null ? NaN : Number(one)))
const model = await load()
const results = []
for (const rows of ${JSON.stringify(ROWS)}) {
  const data = ${Elements}.from(values.slice(0, rows * ${input.columns}))
  const given = await model.predict({ ${JSON.stringify(input.name)}: { type: '${input.dtype}', data, dims: [rows, ${input.columns}] } })
  results.push(Object.fromEntries(Object.entries(given).map(([name, one]) => [name, Array.from(one.data, (value) => (typeof value === 'number' ? value.toString() : String(value)))])))
}
print(results)`,
  ) as Results
}

function inPython(
  out: string,
  backend: string,
  input: { name: string; dtype: string; columns: number },
  values: readonly number[],
) {
  const code = `
import json, sys
import numpy as np
from fast import load
values = np.array([float('nan') if one is None else float(one) for one in json.load(sys.stdin)], np.${input.dtype})
results = []
with load(backend=${JSON.stringify(backend)}) as model:
    assert model.backend in (${JSON.stringify(backend)}, 'numpy'), model.backend
    for rows in ${JSON.stringify(ROWS)}:
        given = model.predict({${JSON.stringify(input.name)}: values[:rows * ${input.columns}].reshape(rows, ${input.columns})})
        results.append({name: [one if isinstance(one, str) else float(one) if isinstance(one, float) else one for one in value.ravel().tolist()] for name, value in given.items()})
print(json.dumps(results))`
  const { status, stdout, stderr } = spawnSync(python, ['-W', 'error', '-c', code], {
    cwd: path.dirname(out),
    encoding: 'utf8',
    input: JSON.stringify(values.map((value) => (Number.isNaN(value) ? null : Object.is(value, -0) ? '-0' : value))),
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout.replaceAll(/\bNaN\b/g, '"NaN"').replaceAll(/-?Infinity\b/g, '"$&"')) as readonly Record<
    string,
    (number | string)[]
  >[]
}

describe.skipIf(!has('import numpy'))('in the user’s Python', needs('an interpreter with NumPy'), () => {
  test.each(FILES)('%s', { timeout: 120_000 }, async (file) => {
    const out = path.join(scratch(), 'fast')
    const { inputs, outputs } = await shipped(path.join(FORMATS, file), out)
    const [input] = inputs as [(typeof inputs)[0]]
    const values = numbers(Math.max(...ROWS) * input.columns, thresholdsOf(out))
    const expected = inNode(out, input, values)
    for (const backend of backends) {
      const given = inPython(out, backend, input, values)
      for (const [k, results] of expected.entries()) {
        expect(Object.keys(given[k]!)).toEqual(Object.keys(results))
        for (const { name, what } of outputs) {
          const [own, node] = [given[k]![name]!, results[name]!]
          expect(own.length, `${backend} ${name}`).toBe(node.length)
          if (what === 'prediction') {
            for (const [i, value] of own.entries()) expectNear(Number(value), Number(node[i]))
            continue
          }
          const asRead = (value: number | string) => (what === 'label' ? String(value) : Number(value))
          expect(own.map(asRead), `${backend} ${name}`).toEqual(node.map(asRead))
        }
      }
    }
  })

  test.each([
    path.join(FIXTURES, 'credit_mlp.onnx'),
    path.join(FORMATS, 'xgboost/1.7-gblinear.json'),
    path.join(FORMATS, 'skops/1.9-gaussian-naive-bayes.skops'),
    path.join(FORMATS, 'skops/1.9-rare-categories.skops'),
    ...OF_FUNCTIONS,
  ])('sums of layers are those of Node but in NumPy: %s', { timeout: 120_000 }, async (file) => {
    const out = path.join(scratch(), 'fast')
    const { inputs, outputs } = await shipped(file, out)
    const values = numbers(70 * inputs[0]!.columns).map((value) => (Number.isNaN(value) ? 0.5 : value))
    const expected = inNode(out, inputs[0]!, values)
    for (const backend of backends) {
      const given = inPython(out, backend, inputs[0]!, values)
      for (const { name, what } of outputs)
        for (const [k, results] of expected.entries())
          for (const [i, value] of results[name]!.entries()) {
            const own = given[k]![name]![i]!
            if (backend !== 'numpy' && what === 'margin' && !OF_FUNCTIONS.includes(file)) expect(Number(own)).toBe(Number(value))
            else expectNear(Number(own), Number(value), 1e-5)
          }
    }
  })

  test.skipIf(backends.length < 3)(
    'what was proven for a number of rows predicts them',
    needs('a C compiler and wasmtime'),
    async () => {
      const out = path.join(scratch(), 'fast')
      const { inputs } = await shipped(path.join(FORMATS, 'xgboost/2.1-binary.json'), out)
      const options = JSON.parse(fs.readFileSync(path.join(out, 'options.json'), 'utf8'))
      const proven = [
        { from: 1, backend: 'c' },
        { from: 70, backend: 'wasmtime' },
      ]
      fs.writeFileSync(path.join(out, 'options.json'), JSON.stringify({ compiled: { ...options.compiled, backends: proven } }))
      const code = `
import numpy as np
from fast import load
rows = np.random.default_rng(0).normal(size=(100, ${inputs[0]!.columns})).astype(np.${inputs[0]!.dtype})
model, other = load(), load(backend='numpy')
print(model.backend, all(np.array_equal(model.predict({${JSON.stringify(inputs[0]!.name)}: rows[:n]})['margin'], other.predict({${JSON.stringify(inputs[0]!.name)}: rows[:n]})['margin']) for n in (1, 69, 70, 100)))`
      const { stdout, stderr } = spawnSync(python, ['-B', '-c', code], { cwd: path.dirname(out), encoding: 'utf8' })
      expect(stderr).toBe('')
      expect(stdout).toBe('c, wasmtime from 70 rows on True\n')
      // Without a compiler, and without what it built, the other one predicts all.
      fs.rmSync(path.join(out, '__pycache__'), { recursive: true })
      const env = { ...process.env, CC: '/no/such/compiler' }
      const alone = spawnSync(python, ['-B', '-c', 'from fast import load\nprint(load().backend)'], {
        cwd: path.dirname(out),
        env,
        encoding: 'utf8',
      })
      expect(alone.stdout).toBe('wasmtime\n')
    },
  )

  test('without a compiler and wasmtime NumPy predicts, with a warning; an unknown backend is an error', async () => {
    const out = path.join(scratch(), 'fast')
    await shipped(path.join(FORMATS, 'xgboost/2.1-binary.json'), out)
    const code = `
import os, sys, warnings
sys.modules['wasmtime'] = None
os.environ.update(PATH='', CC='')
from fast import load
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter('always')
    print(load().backend, seen[0].filename, str(seen[0].message).split(':')[0])
for backend in ('c', 'fortran'):
    try:
        load(backend=backend)
    except Exception as error:
        print(type(error).__name__, error)`
    const { stdout, stderr } = spawnSync(fs.realpathSync(commandOf(python)), ['-c', code], {
      cwd: path.dirname(out),
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: packagesOf() },
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      'numpy <string> predictions take NumPy, which is far slower, since there is neither a C compiler nor wasmtime (c',
      "RuntimeError the backend 'c' does not run here: no C compiler was found: cc, gcc and clang are not on the path, and CC is not set",
      "ValueError no backend is called 'fortran'; there are c, wasmtime, numpy",
    ])
  })

  test('a wasmtime that fails to load leaves the model to NumPy, with the reason', async () => {
    const out = path.join(scratch(), 'fast')
    await shipped(path.join(FORMATS, 'xgboost/2.1-binary.json'), out)
    const code = `
import os, sys, types, warnings
os.environ.update(PATH='', CC='')
class Platform:
    def find_spec(self, name, path=None, target=None):
        if name == 'wasmtime':
            raise RuntimeError('unsupported machine: this one')
sys.meta_path.insert(0, Platform())
from fast import load
def backend():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        print(load().backend, str(seen[0].message).split('wasmtime: ')[1].split(')')[0])
backend()
class WasmtimeError(Exception):
    pass
def Module(engine, data):
    raise WasmtimeError('invalid module\\nat 0')
sys.modules['wasmtime'] = types.SimpleNamespace(Instance=None, Module=Module, Store=lambda: types.SimpleNamespace(engine=None))
backend()
try:
    load(backend='wasmtime')
except Exception as error:
    print(type(error).__name__, error)`
    const { stdout, stderr } = spawnSync(fs.realpathSync(commandOf(python)), ['-c', code], {
      cwd: path.dirname(out),
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: packagesOf() },
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      'numpy unsupported machine: this one',
      'numpy invalid module',
      "RuntimeError the backend 'wasmtime' does not run here: invalid module",
    ])
  })
})

const commandOf = (name: string): string =>
  spawnSync(name, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout.trim()
const packagesOf = (): string =>
  spawnSync(python, ['-c', 'import sys, os; print(os.pathsep.join(one for one in sys.path if one))'], {
    encoding: 'utf8',
  }).stdout.trim()

/** Equal up to a few roundings of float32, which NumPy's exp and V8's do not share. */
function expectNear(own: number, node: number, relative = 5e-7): void {
  if (Number.isNaN(node) || !Number.isFinite(node)) expect(own).toEqual(node)
  else expect(Math.abs(own - node)).toBeLessThanOrEqual(relative * Math.max(Math.abs(node), 1e-3))
}
