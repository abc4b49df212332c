import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('bodies are costed apart', () => {
  for (const operator of ['If', 'Loop', 'Scan']) {
    checkOperator(
      { operator, inputs: ['int64:', 'bool:', '8x8', '?'], outputs: ['8x8', '?'] },
      { macs: 0, simpleOps: 0, bytes: 0 },
    )
  }
})

test('a search has its bodies', () => {
  for (const operator of ['BeamSearch', 'WhisperBeamSearch', 'GreedySearch', 'Sampling']) {
    checkOperator(
      { operator: `com.microsoft:${operator}`, inputs: ['int32:1x4'], outputs: ['int32:1x9'] },
      { macs: 0, bytes: 0, note: 'choosing the next words among the scores is not counted' },
    )
  }
})
