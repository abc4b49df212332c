// MatMulNBits without accuracy_level 4 unpacks its 4-bit weights and multiplies in float32; with it, in int8.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
import { countFact, ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, readMs, sumOf, weightsMs } from '../rule.ts'
import { belowInt8Level, bytesOf, int8Gain, largestOf } from '../weights.ts'

/** Nodes that take less than this many times as long as their bytes take to read are as fast as memory allows. */
const SLOW = 1.5

export const accuracyLevelUnset = defineRule({
  id: 'accuracy-level-unset',
  area: 'software',
  title: 'Quantized weights are multiplied in float32: accuracy_level is not set',
  needs: ['weights', 'speed', 'setup'],
  wants: ['floor', 'kernelRates'],
  check(given) {
    const quantized = given.weights.filter(({ operator }) => operator === 'MatMulNBits')
    if (quantized.length === 0) return 'does-not-apply'
    const unset = belowInt8Level(quantized)
    if (unset.length === 0) return 'clear'
    const place = { nodes: [largestOf(unset).node], next: fixGenerator() }
    const [gain, floorMs] = [int8Gain(given, unset), readMs(given, bytesOf(unset))]
    const profiled = unset.every(({ decodeMs }) => decodeMs !== null)
    if (!profiled || (gain === undefined && floorMs === undefined))
      return {
        ...tell`${countFact('node', unset.length)} multiply quantized weights in float32, because accuracy_level is not set.`,
        ...costs(given, { tokenMs: weightsMs(given, unset) ?? 0 }, { unknown: 'the nodes were not profiled', basis: 'modelled' }),
        ...place,
      }
    const timeMs = sumOf(unset, ({ decodeMs }) => decodeMs!)
    const leastMs = gain === undefined ? floorMs! : timeMs / gain
    const saving = { tokenMs: timeMs - leastMs }
    if ((gain === undefined && timeMs < SLOW * leastMs) || !isFelt(given, saving)) return 'clear'
    const instead =
      gain === undefined
        ? tell`reading their bytes takes ${ms('floor', leastMs)}`
        : tell`the engine's own kernels are ${ratio('int8-gain', gain)} times as fast in int8`
    return {
      ...tell`${countFact('node', unset.length)} multiply quantized weights in float32, because accuracy_level is not set. They take
        ${ms('quantized', timeMs)} of a token; ${instead}. Arithmetic in int8 can change tokens, so compare them.`,
      ...costs(given, { tokenMs: timeMs }, { saving, basis: 'modelled' }),
      ...place,
    }
  },
})
