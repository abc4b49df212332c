// Linear attention: a state [keys' width, values' width] of each head takes the place of the scores, and each token updates and reads it.
// https://onnx.ai/onnx/operators/onnx__LinearAttention.html ; LinearAttentionGate: onnxruntime docs/ContribOperators.md
// Counted as the recurrence that defines it: tokens wait for each other. A kernel that works in chunks does other work.

import { elementCount } from '../dtype.ts'
import { hasInput, hasOutput, numberAttribute, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts, sumFunctionCounts } from './counts/functions.ts'
import { defineFamily, formula, sameFor } from './family.ts'

// query [B, T, heads * dk], key, value [B, T, kv_heads * dv], past_state, decay, beta
const linearAttention = formula([0, 1, 2], [0], ([q, k, v], _, context) => {
  const { node } = context
  const heads = numberAttribute(node, 'q_num_heads', undefined)
  const states = numberAttribute(node, 'kv_num_heads', undefined)
  if (heads === undefined || states === undefined) return 'it has no q_num_heads or kv_num_heads'
  const rule = textAttribute(node, 'update_rule', 'gated_delta')
  const [batch, tokens] = k.shape as [number, number]
  const stateSize = (k.shape[2]! * v.shape[2]!) / states
  const readSize = ((q.shape[2]! / heads) * Math.max(heads, states) * v.shape[2]!) / states
  // Key times value into the state, query times state; a delta rule first asks the state what it holds for the key.
  const products = rule.includes('delta') ? 2 : 1
  const rows = batch * tokens
  const decays = rule.startsWith('gated') && hasInput(context, 4)
  const gates = decays ? elementCount(context.inputs[4]?.shape ?? [0]) : 0
  return {
    macs: rows * (products * stateSize + readSize),
    // The whole state decays; the difference to the value, times beta; the output's scale.
    simpleOps: rows * ((decays ? stateSize : 0) + (products - 1) * 2 * v.shape[2]! + v.shape[2]!),
    specialOps: gates,
    functions: { exp: gates },
    serialSteps: Math.max(1, tokens),
    arithmetic: q.dtype,
  }
})

// decay = scale * softplus(a + bias); beta = sigmoid(b), where it is asked for
const gate = formula([0], [], ([a], _, context) => {
  const elements = elementCount(a.shape)
  const softplus = activationOps('softplus')!
  const sigmoid = hasOutput(context, 1) ? activationOps('sigmoid')! : activationOps('identity')!
  return {
    simpleOps: elements * (softplus.simple + 2 + sigmoid.simple),
    specialOps: elements * (softplus.special + sigmoid.special),
    functions: sumFunctionCounts(evaluateCounts(softplus.functions, elements), evaluateCounts(sigmoid.functions, elements)),
    arithmetic: 'float32',
  }
})

export const linearAttentionFamily = defineFamily(
  'linear-attention',
  {},
  {
    ...sameFor(['LinearAttention', 'com.microsoft:LinearAttention'], linearAttention),
    'com.microsoft:LinearAttentionGate': gate,
  },
)
