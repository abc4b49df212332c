// A model in float16. Which operators stay in float32: onnxruntime's own converter,
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/transformers/float16.py

import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import { subgraphsOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import type { ValueTypes } from './choice.ts'
import { inNarrower, type NarrowOptions, type NarrowResult } from './narrow.ts'
import { readFloats } from './rewriting.ts'

/** Operators of ai.onnx that stay in float32. */
const BLOCKED: ReadonlySet<string> = new Set([
  ...[
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
    'Multinomial',
    'NonMaxSuppression',
    'TopK',
    'RoiAlign',
  ],
  ...['Range', 'CumSum', 'Min', 'Max', 'Upsample', 'EyeLike', 'ConstantOfShape', 'Dropout', 'STFT', 'DFT', 'MelWeightMatrix'],
  ...[
    'QuantizeLinear',
    'DequantizeLinear',
    'DynamicQuantizeLinear',
    'MatMulInteger',
    'ConvInteger',
    'QLinearMatMul',
    'QLinearConv',
  ],
])

/** Operators of com.microsoft that have a float16 form on GPUs. All others stay. */
const MICROSOFT_OPERATORS: readonly string[] = [
  ...[
    'Attention',
    'MultiHeadAttention',
    'SkipLayerNormalization',
    'SkipSimplifiedLayerNormalization',
    'Gelu',
    'FastGelu',
    'BiasGelu',
  ],
  ...['FusedMatMul', 'FusedConv', 'QuickGelu', 'BiasAdd', 'BiasSplitGelu', 'EmbedLayerNormalization'],
].map((name) => `com.microsoft:${name}`)

function isBlocked(node: NodeProto): boolean {
  if (subgraphsOf(node).length > 0) return true
  if (node.domain === '' || node.domain === 'ai.onnx') return BLOCKED.has(node.opType)
  return !isOperator(node, ...MICROSOFT_OPERATORS)
}

const TO_HALF: NarrowOptions = {
  from: 'float32',
  to: 'float16',
  already: ['float16', 'bfloat16'],
  isBlocked,
  wideInputs: { Resize: [1, 2] },
  encode(matching, constant) {
    const { bits, clamped } = toFloat16Clamped(readFloats(matching, constant))
    return { bytes: new Uint8Array(bits.buffer), clamped }
  },
}

export const toHalf = (model: Model, types?: ValueTypes): NarrowResult | string => inNarrower(model, TO_HALF, types)
