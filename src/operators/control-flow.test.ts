import { test } from 'vitest'
import { checkOperator } from './check-operator.ts'

test('bodies are costed apart', () => {
  for (const operator of ['If', 'Loop', 'Scan']) {
    checkOperator(
      { operator, inputs: ['int64:', 'bool:', '8x8', '?'], outputs: ['8x8', '?'] },
      { macs: 0, simpleOps: 0, bytes: 0 },
    )
  }
})
