// Dynamic int8: weights in 8 bits, activations quantized at each prediction by their own range, so that no samples are needed. Pays for
// products with large weights (MatMul, Gemm, LSTM); what is read is quantized once, however many read it.
import { quantizedProposals } from '../../quantize/write/proposals.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { countRun } from '../kit/unfused.ts'

/** Fused kernels; a plain MatMulInteger would leave its scaling to two further operators. */
const KERNELS = /^(DynamicQuantizeMatMul|MatMulIntegerToFloat|DynamicQuantizeLSTM|QAttention|ConvInteger)$/

export const dynamicQuantization = defineRemedy({
  id: 'dynamic-quantization',
  title: 'Products with large weights compute in int8, each prediction with its own ranges',
  treats: ['compute-bound-operators', 'idle-int8-units', 'memory-bound-operators'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  late: true,
  precision: 'dynamic',
  apply: quantizedProposals('dynamic', (executed) => countRun(executed, KERNELS) > 0),
})
