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
  })
})
