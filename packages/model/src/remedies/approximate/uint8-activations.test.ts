import { viewGraph } from '@whyslow/graph/view.ts'
import { binaryGroup, convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { uint8Activations } from './uint8-activations.ts'

const S8 = { zero: 0, dtype: 'int8' } as const
// What a convolution of the examples gives has an rms of 9 or so: a step of 0.1 that falls to the other side is off by 0.01 of it.
const STEP = 0.02

checkRemedy(uint8Activations, {
  applies: [
    {
      name: 'a convolution whose input is read by another operator, too',
      model: convGroup({ x: S8, y: S8, inputReadToo: true }),
      changes: /^activations of 1 quantized operator written as uint8/,
      tolerance: STEP,
      check({ setup }) {
        const { constants } = viewGraph(setup.model)
        const zeros = Object.values(constants).filter(({ name }) => name.includes('uint8'))
        expect(zeros.map(({ dtype, values }) => [dtype, values])).toEqual([
          ['uint8', [128]],
          ['uint8', [128]],
        ])
        // Weights stay as they are.
        expect(constants.w?.dtype).toBe('int8')
      },
    },
    {
      name: 'a convolution whose output is read twice',
      model: convGroup({ x: S8, y: S8, output: 'read-twice' }),
      tolerance: STEP,
    },
    {
      name: 'an int8 constant added',
      model: binaryGroup('Add', { dtype: 'int8', y: { zero: -3 }, constant: 'int8' }),
      // A step of 0.1, of sums around 2.2.
      tolerance: 0.05,
    },
  ],
  leaves: [
    { name: 'int8 activations that the engine makes uint8 itself', model: convGroup({ x: S8, y: S8 }) },
    { name: 'uint8 activations', model: convGroup({ inputReadToo: true }) },
    {
      name: 'on Arm',
      model: convGroup({ x: S8, y: S8, inputReadToo: true }),
      evidence: { instructionSets: ['neon', 'dotprod'] },
    },
  ],
})
