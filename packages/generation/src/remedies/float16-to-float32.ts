// A float16 graph on a CPU: onnxruntime-genai#406 measured 0.43 tokens a second where float32 gave 10.67.
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { halfWeights, toFloat32 } from './kit/float32.ts'
import { defineGeneratorRemedy } from './kit/remedy.ts'

export const float16ToFloat32 = defineGeneratorRemedy({
  id: 'float16-to-float32',
  title: 'A float16 graph in float32, as the CPU computes',
  description:
    'Weights and caches become float32, so that the engine casts nothing between operators; numbers are no longer rounded to 16 bits on the way.',
  lossless: false,
  variants: [''],
  applies: ({ model }) => halfWeights(model) > 0 || 'it has no float16 weights',
  async rewrite({ model }) {
    const halves = halfWeights(model)
    if (halves === 0) return 'it has no float16 weights'
    return { model: toFloat32(model), changes: [`${count(halves, 'weight')} in float32, and all between them`] }
  },
})
