import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

// 2 tokens, 4 heads over 2 states, keys 8 and values 3 wide: query [1, 2, 32], key [1, 2, 16], value [1, 2, 6]; a state holds 8 * 3.
const node = (update_rule: string, more: readonly string[] = []) => ({
  operator: 'LinearAttention',
  inputs: ['1x2x32', '1x2x16', '1x2x6', ...more],
  outputs: ['1x2x12', '1x2x8x3'],
  attributes: { q_num_heads: 4, kv_num_heads: 2, update_rule },
})

test('linear attention: each token updates the state and reads it', () => {
  // per token: 2 states of 24 updated, 4 heads read 24; the output's scale 6
  checkOperator(node('linear'), { macs: 2 * (48 + 96), simpleOps: 2 * 6, specialOps: 0, serialSteps: 2 })
  checkOperator({ ...node('linear'), operator: 'com.microsoft:LinearAttention' }, { macs: 288 })
})

test('a delta rule asks the state once more; a gate is one exp per number of it, and a product per number of the state', () => {
  checkOperator(node('delta'), { macs: 2 * (2 * 48 + 96), simpleOps: 2 * (2 * 6 + 6), specialOps: 0 })
  checkOperator(node('gated_delta', ['-', '1x2x2', '1x2x2']), { macs: 384, simpleOps: 2 * (48 + 12 + 6), specialOps: 4 })
})

test('its gate: softplus, and a sigmoid where it is asked for', () => {
  const inputs = ['1x2x3', '3', '3', '1x2x3']
  // 6 elements: softplus 1 + 2, bias and scale; sigmoid 2 + 2
  checkOperator({ operator: 'com.microsoft:LinearAttentionGate', inputs, outputs: ['1x2x3'] }, { simpleOps: 18, specialOps: 12 })
  checkOperator(
    { operator: 'com.microsoft:LinearAttentionGate', inputs, outputs: ['1x2x3', '1x2x3'] },
    { simpleOps: 30, specialOps: 24 },
  )
})
