// Quantized groups that the engine did not fuse: the model is written as DequantizeLinear - operator - QuantizeLinear, and where the
// group breaks one of the engine's conditions it converts at every prediction and computes in float all the same.
// Conditions as ONNX Runtime has them: onnxruntime/core/optimizer/qdq_transformer/selectors_actions.
import { nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { countFact, ms, number, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { nodesComparedInFloat } from '../isolated-operators.ts'
import { MODEL } from '../next-command.ts'
import { timedGroups } from '../quantization-times.ts'
import { defineRule } from '../rule.ts'

/** This many groups are named in the sentence, the longest first; all their nodes are listed. */
const NAMED = 3

export const unfusedQuantization = defineRule({
  id: 'unfused-quantization',
  area: 'software',
  title: 'Quantized operators run in float, with conversions at every prediction',
  needs: ['latency', 'profile', 'costs'],
  wants: ['graph', 'model', 'engine', 'machine', 'operatorExperiments'],
  coveredBy: ['int8-slower-than-float'],
  check(given) {
    const { p50Ms } = given.latency
    // If an experiment was clear about a ConvInteger, `int8-slower-than-float` reports its saving.
    const inFloat = nodesComparedInFloat(given.operatorExperiments)
    const timed = timedGroups(given).filter(
      ({ condition, operator: { name } }) =>
        condition !== 'float-products' && !(condition === 'integer-convolution' && inFloat.has(name)),
    )
    const timeMs = timed.reduce((sum, { conversionsMs, operatorMs }) => sum + (conversionsMs ?? 0) + (operatorMs ?? 0), 0)
    const savingMs = timed.reduce((sum, { wouldSaveMs }) => sum + (wouldSaveMs ?? 0), 0)
    if (timed.length === 0 || !isWorthSaying(savingMs, p50Ms)) return 'clear'

    const named = timed.slice(0, NAMED).map(({ operator, breaks }) => `${operator.name} (${operator.opType}): ${breaks}`)
    const rest = timed.length > NAMED ? tell`; and ${number('others', timed.length - NAMED, 'groups')} more` : ''
    return {
      ...tell`${countFact('group', timed.length)} did not fuse and ${timed.length === 1 ? 'takes' : 'take'} ${ms('time', timeMs)},
        ${part('time-share', timeMs / p50Ms)} of the p50. ${named.join('; ')}${rest}.`,
      timeMs,
      wouldSaveMs: Math.min(savingMs, p50Ms),
      basis: 'modelled',
      nodes: timed.flatMap(({ operator, conversions }) => [operator.name, ...conversions.map(({ name }) => name)]),
      next: nextCommand('fix', MODEL, '-o', 'repaired.onnx'),
    }
  },
})
