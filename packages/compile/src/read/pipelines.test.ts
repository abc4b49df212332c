// Pipelines over data frames as skl2onnx writes them (fixtures/make/tabular_pipelines.py), compiled, against what the pipelines themselves
// predict; and the ends of those that cannot be compiled whole.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { describe, expect, test } from 'vitest'
import { compileLayers, compileWalk } from '../compile.ts'
import { compileModule, openProgram, openRows } from '../shipped/compiled.mjs'
import { cutAtBoth, endsOf } from './ends.ts'
import { type CompilableModel, compilableOf } from './index.ts'

const FOLDER = join(import.meta.dirname, '../../../../fixtures/formats/skl2onnx')
interface Made {
  readonly inputs: Readonly<Record<string, readonly (number | string | null)[]>>
  readonly label: readonly string[]
  readonly scores: readonly (readonly number[])[]
}
const MADE: Readonly<Record<string, Made>> = JSON.parse(readFileSync(join(FOLDER, 'outputs.json'), 'utf8'))
const modelOf = (name: string) => readModel(join(FOLDER, `${name}.onnx`))

/** The rows of the fixture, as `predict` takes them. */
function rowsFor({ inputs, texts, model }: CompilableModel, made: Made): Float32Array | Float64Array {
  const arrays = inputs.map(({ name, dtype }): ArrayLike<unknown> => {
    const column = made.inputs[name]!
    if (dtype === 'string') return column
    if (dtype === 'int64') return column.map((value) => BigInt(value!))
    return Float32Array.from(column, (value) => Number(value ?? Number.NaN))
  })
  return openRows({ inputs, texts, row: model.input.dtype })(arrays, made.label.length)
}

const FORM = { until: { rows: 'steps', block: 'steps' }, blockFrom: null, ranksFrom: null, nestedUpTo: null } as const

test.each(['columns-logistic', 'columns-forest'])(
  '%s has an input for each column, and predicts what the pipeline does',
  async (name) => {
    const found = compilableOf(await modelOf(name))
    if (!found.ok) throw new Error(found.reason)
    const made = MADE[name]!
    const { model, inputs, texts } = found.compilable
    expect(inputs.map((input) => input.name)).toEqual(Object.keys(made.inputs))
    expect(texts).toContain('日本')
    const rows = rowsFor(found.compilable, made)
    const { program, module } = model.scores.kind === 'forest' ? compileWalk(model).make(FORM) : compileLayers(model)
    for (const wasm of [compileModule(module!), null]) {
      const { prediction, label } = openProgram(program, wasm)(rows, made.label.length, { prediction: true, label: true })
      const [count, width] = [made.scores[0]!.length, model.input.featureCount]
      made.scores.forEach((expected, r) => {
        const own = [...prediction!.subarray(r * count, (r + 1) * count)]
        expect([...evaluateRow(model, rows.subarray(r * width, (r + 1) * width)).prediction]).toEqual(own)
        expect(Math.max(...own.map((value, k) => Math.abs(value - expected[k]!)))).toBeLessThan(1e-6)
        expect(label![r] === 1, `row ${r}`).toBe(made.label[r] === 'True')
      })
    }
  },
)

describe('ends', () => {
  test('of a pipeline whose estimator cannot be compiled: all columns as they are prepared', async () => {
    const svm = await modelOf('columns-svm')
    expect(compilableOf(svm)).toMatchObject({ ok: false, reason: expect.stringContaining('SVMClassifier') })
    const { head, tail } = endsOf(svm, () => undefined)
    expect(head!.at).toEqual({ value: 'transformed_column', columns: 14 })
    expect(head!.nodes).toHaveLength(15)
    expect(tail).toBe(undefined)
  })

  test('of a pipeline over texts: what is scored behind its words', async () => {
    const text = await modelOf('text-boosting')
    const types: Readonly<Record<string, readonly number[]>> = { output: [1, 16], tfidftr_output: [1, 16], tfidftr_norm: [1, 16] }
    const { head, tail } = endsOf(text, (value) => types[value] && { dtype: 'float32', shape: types[value] })
    expect(head).toBe(undefined)
    expect(tail!.at).toEqual({ value: 'output', columns: 16 })
    expect(tail!.nodes.map(({ opType }) => opType)).toEqual(['Mul', 'Normalizer', 'TreeEnsembleClassifier', 'Identity'])
  })

  test('none where each operator is one of the engine’s, and none at a value that others read, too', () => {
    const erf = (reads: string) =>
      modelInMemory(
        model({
          nodes: [
            node('Relu', ['x'], ['r']),
            node('Erf', ['r'], ['e']),
            node('Add', ['e', reads], ['s']),
            node('Tanh', ['s'], ['y']),
          ],
          inputs: [valueInfo('x', 'float32', ['n', 3])],
          outputs: [valueInfo('y', 'float32', ['n', 3])],
        }),
      )
    const typeOf = () => ({ dtype: 'float32', shape: [1, 3] }) as const
    for (const reads of ['x', 'r']) expect(endsOf(erf(reads), typeOf)).toEqual({})
  })

  test('both, where something stays between them', async () => {
    const svm = await modelOf('columns-svm')
    const { head } = endsOf(svm, () => undefined)
    const [last] = svm.proto.graph!.node.slice(-1)
    expect(cutAtBoth(svm, { head: head!, tail: { at: { value: 'SVM02', columns: 2 }, nodes: [last!] } })).toEqual({
      head: head!.at,
      tail: { value: 'SVM02', columns: 2 },
    })
    expect(cutAtBoth(svm, { head: head! })).toBe(undefined)
    expect(cutAtBoth(svm, { head: head!, tail: { at: head!.at, nodes: [last!] } })).toBe(undefined)
  })
})
