import { integerChain } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { integerScaling } from './integer-scaling.ts'

checkRemedy(integerScaling, {
  applies: [
    {
      name: 'one scale after the other',
      model: integerChain({ order: 'one-by-one' }),
      operators: ['DynamicQuantizeLinear', 'MatMulInteger', 'Cast', 'Mul', 'Mul'],
    },
    { name: 'with a bias behind it', model: integerChain({ order: 'one-by-one', bias: true }) },
  ],
  leaves: [
    { name: 'in the form that fuses', model: integerChain() },
    { name: 'the unscaled product is an output too', model: integerChain({ order: 'one-by-one', readToo: true }) },
    { name: 'a convolution', model: integerChain({ opType: 'ConvInteger', order: 'one-by-one' }) },
  ],
})
