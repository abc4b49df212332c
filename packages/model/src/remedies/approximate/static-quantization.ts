// Static int8: weights and activations in 8 bits, with ranges that were found on samples before. Values are quantized where a region of
// such operators begins and turned into floats where it ends; between, the engine computes on int8 (QLinearConv and others) where it
// recognizes the pattern QuantizeLinear, DequantizeLinear, operator:
// https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
import { quantizedProposals } from '../../quantize/write/proposals.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { countRun } from '../kit/unfused.ts'

/** Kernels that compute on 8-bit activations. */
const KERNELS = /^(QLinear\w+|QGemm|ConvInteger|MatMulInteger\w*|QAttention)$/

export const staticQuantization = defineRemedy({
  id: 'static-quantization',
  title: 'Layers compute in int8, with ranges that were found on samples',
  treats: ['compute-bound-operators', 'idle-int8-units', 'memory-bound-operators'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  late: true,
  precision: 'static',
  apply: quantizedProposals('static', (executed) => countRun(executed, KERNELS) > 0),
})
