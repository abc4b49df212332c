import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { knownValuesOf } from './known-values.ts'

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'known-values-'))
afterAll(() => fs.rmSync(home, { recursive: true }))

function knownOf(parts: Parameters<typeof model>[0], file = path.join(home, 'model.onnx')) {
  const built = modelInMemory(model(parts))
  const read = { ...built, source: { ...built.source, file } }
  return knownValuesOf(read, viewGraph(read))
}

describe('knownValuesOf', () => {
  it('finds the split points of trees that read the input', () => {
    const attributes = {
      nodes_treeids: [0, 0, 0],
      nodes_featureids: [1, 0, 0],
      nodes_values: { floats: [4.5, 0, 0] },
      nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
    }
    const trees = node('TreeEnsembleRegressor', ['x'], ['y'], attributes)
    const known = knownOf({
      nodes: [trees],
      inputs: [valueInfo('x', 'float32', [1, 2])],
      outputs: [valueInfo('y', 'float32', [1, 1])],
    })
    expect(known.get('x')!.rows!.columns[1]).toMatchObject({ kind: 'splits', points: Float64Array.of(4.5), whole: 'round' })
    // Leaves split nothing.
    expect(known.get('x')!.rows!.columns[0]!.kind).toBe('normal')
  })
  it('finds the means of a scaler in front of a linear model, and the statistics of a batch normalization', () => {
    const scaler = node({ opType: 'Scaler', domain: 'ai.onnx.ml' }, ['x'], ['z'], {
      offset: { floats: [10, -3] },
      scale: { floats: [0.5, 0.125] },
    })
    const linear = node({ opType: 'LinearRegressor', domain: 'ai.onnx.ml' }, ['z'], ['y'], {
      coefficients: [1.5, 2.5],
      intercepts: [0.5],
    })
    const shapes = { inputs: [valueInfo('x', 'float32', [1, 2])], outputs: [valueInfo('y', 'float32', [1, 1])] }
    const { rows } = knownOf({ nodes: [scaler, linear], ...shapes }).get('x')!
    expect(rows!.columns).toMatchObject([
      { mean: 10, deviation: 2 },
      { mean: -3, deviation: 8 },
    ])
    const norm = node('BatchNormalization', ['x', 'g', 'b', 'm', 'v'], ['y'])
    const initializers = [
      ['g', 1],
      ['b', 0],
      ['m', 7],
      ['v', 9],
    ].map(([name, value]) => floatTensor(String(name), [2], [Number(value), 1]))
    const { scale } = knownOf({ nodes: [norm, node('Relu', ['y'], ['w'])], ...shapes, initializers }).get('x')!
    const stored = scale?.()
    expect([...stored!.mean, ...stored!.deviation]).toEqual([7, 1, 3, 1])
  })
  it('has the same title however the path is given', () => {
    const shapes = { inputs: [valueInfo('x', 'float32', [1, 2])], outputs: [valueInfo('y', 'float32', [1, 2])], name: 'graph' }
    const titleOf = (file: string) => knownOf({ nodes: [node('Relu', ['x'], ['y'])], ...shapes }, file).get('x')!.title
    const full = path.join(process.cwd(), 'model.onnx')
    expect(titleOf(full)).toBe(`${path.basename(process.cwd())} model.onnx graph`)
    expect([titleOf('model.onnx'), titleOf('./model.onnx'), titleOf('folder/../model.onnx')]).toEqual(
      Array(3).fill(titleOf(full)),
    )
  })
  it('finds the vocabulary next to the model for ids of a table of words', () => {
    const file = path.join(home, 'vocab.json')
    fs.writeFileSync(file, JSON.stringify({ vocab: ['[PAD]', '[UNK]', ...Array.from({ length: 30 }, (_, k) => `w${k}`)] }))
    const parts = (rows: number) => ({
      nodes: [node('Gather', ['words', 'x'], ['y'])],
      inputs: [valueInfo('x', 'int64', [1, 4])],
      outputs: [valueInfo('y', 'float32', [1, 4, 2])],
      initializers: [floatTensor('words', [rows, 2], Array(2 * rows).fill(0))],
    })
    expect(knownOf(parts(100)).get('x')!.tokens).toMatchObject({ file: 'vocab.json', padding: 0 })
    expect(knownOf(parts(50)).get('x')!.tokens).toBeUndefined()
    fs.rmSync(file)
  })
})
