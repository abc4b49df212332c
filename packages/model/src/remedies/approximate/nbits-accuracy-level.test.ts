import { nBits } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { nbitsAccuracyLevel } from './nbits-accuracy-level.ts'

// Activations in 8 bits: 127 steps to the largest of a block, each off by half of one, over 64 products.
checkRemedy(nbitsAccuracyLevel, {
  applies: [
    { name: 'no level', model: nBits(), tolerance: 0.05 },
    { name: 'the level of float32', model: nBits(1), tolerance: 0.05, changes: /^accuracy_level 4 for 1 product / },
  ],
  leaves: [{ name: 'the level of int8', model: nBits(4) }],
})
