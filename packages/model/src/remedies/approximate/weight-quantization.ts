// Weights alone in 8 or 4 bits, in blocks with a scale each (com.microsoft's MatMulNBits): a product whose weights come from memory takes
// a quarter or an eighth of the bytes. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
import { quantizedProposals } from '../../quantize/write/proposals.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { countRun } from '../kit/unfused.ts'

export const weightQuantization = defineRemedy({
  id: 'weight-quantization',
  title: 'Weights of large products take 8 or 4 bits each',
  treats: ['memory-bound-operators'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  late: true,
  precision: 'weights',
  apply: quantizedProposals('weights', (executed) => countRun(executed, /^MatMulNBits$/) > 0),
})
