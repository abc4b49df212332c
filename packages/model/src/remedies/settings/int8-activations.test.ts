import { convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { int8Activations } from './int8-activations.ts'

const S8 = { zero: 0, dtype: 'int8' } as const
const unfused = convGroup({ x: S8, y: S8, inputReadToo: true })

checkRemedy(int8Activations, {
  applies: [
    {
      name: 'a group whose int8 input is read by another operator, too',
      model: unfused,
      changes: /^session\.qdqisint8allowed = 1: /,
      // Steps of 0.1 that fall to the other side, of outputs around 9.
      tolerance: 0.02,
    },
  ],
  leaves: [
    { name: 'int8 activations that the engine makes uint8', model: convGroup({ x: S8, y: S8 }) },
    { name: 'uint8 activations', model: convGroup({ inputReadToo: true }) },
    { name: 'on Arm', model: unfused, evidence: { instructionSets: ['neon'] } },
    { name: 'a version that is not known', model: unfused, evidence: { engine: { id: 'ort-cpu', version: '1' } } },
    { name: 'set already', model: unfused, setup: { options: { configEntries: { 'session.qdqisint8allowed': '1' } } } },
  ],
})
