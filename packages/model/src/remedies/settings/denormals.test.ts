import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { denormals } from './denormals.ts'

const double = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [3])],
  outputs: [valueInfo('y', 'float32', [3])],
  opset: 17,
})
const found = [{ rule: 'denormals', timeMs: 4, wouldSaveMs: 4, nodes: [] }]
const KEY = 'session.set_denormal_as_zero'

checkRemedy(denormals, {
  applies: [
    {
      // 2e-45 and 4e-45 are subnormal: as share of the output's size nothing changes.
      name: 'it was found, and the finding says what it saves',
      model: double,
      feeds: { x: { dtype: 'float32', shape: [3], data: new Float32Array([1, 2e-45, -3]) } },
      evidence: { findings: found },
      check: ({ predictedSavingMs, setup }) => {
        expect(predictedSavingMs).toBe(4)
        expect(setup.options.configEntries).toEqual({ [KEY]: '1' })
      },
    },
  ],
  leaves: [
    { name: 'nothing found', model: double },
    { name: 'set already', model: double, evidence: { findings: found }, setup: { options: { configEntries: { [KEY]: '1' } } } },
    {
      name: 'a version that is not known',
      model: double,
      evidence: { findings: found, engine: { id: 'ort-cpu', version: 'next' } },
    },
  ],
})
