// MatMulNBits multiplies in int8 on CPUs at accuracy_level 4 alone; at any other it unpacks its weights to float first. It can change tokens
// (onnxruntime#29849), so that it is judged by tokens and not by closeness.
import { withInt8Products } from '@whyslow/graph/rewrite/int8-products.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineGeneratorRemedy } from './kit/remedy.ts'

export const accuracyLevel = defineGeneratorRemedy({
  id: 'accuracy-level',
  title: 'Products with few-bit weights multiplied in int8',
  description:
    'At accuracy_level 4, MatMulNBits multiplies in integers; below it, the CPU unpacks the weights to float at each token.',
  lossless: false,
  variants: [''],
  applies: ({ model }) => withInt8Products(model) !== undefined || NONE,
  async rewrite({ model }) {
    const found = withInt8Products(model)
    return found === undefined
      ? NONE
      : { model: found.model, changes: [`accuracy_level 4 for ${count(found.products, 'product')} with few-bit weights`] }
  },
})

const NONE = 'it has no MatMulNBits below accuracy_level 4'
