import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, it } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { reuseOutputs } from './reuse-outputs.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
  opset: 17,
})
const word = model({
  nodes: [node('Identity', ['x'], ['y'])],
  inputs: [valueInfo('x', 'string', [1])],
  outputs: [valueInfo('y', 'string', [1])],
  opset: 17,
})

checkRemedy(reuseOutputs, {
  applies: [
    {
      name: 'one output',
      model: relu,
      changes: /into the same tensor$/,
      check: ({ setup }) => expect(setup.options.reuseOutputs).toBe(true),
    },
  ],
  leaves: [
    { name: 'set already', model: relu, setup: { options: { reuseOutputs: true } } },
    { name: 'strings cannot be written into', model: word },
    {
      name: 'an output whose shape is not known',
      model: relu,
      evidence: { outputs: [{ name: 'y', dtype: 'float32', shape: null }] },
    },
    { name: 'another engine', model: relu, evidence: { offers: [] } },
  ],
})

describe('reuse-outputs', () => {
  it('waits to be named, and says what changes for the caller', () => {
    expect(reuseOutputs.onlyWhenNamed).toMatch(/overwrite/)
  })
})
