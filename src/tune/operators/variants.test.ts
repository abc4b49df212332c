import { expect, test } from 'vitest'
import { plainOptions } from '../../engines/example-options.ts'
import { floatTensor, model, modelInMemory, node, valueInfo } from '../../graph/build.ts'
import { exampleEvidence } from '../../remedies/example-evidence.ts'
import { convBatchnorm } from '../../remedies/rewrites/conv-batchnorm.ts'
import { variantsOf } from './variants.ts'

const SHAPE = [1, 4, 8, 8]

/** Kinds of changes to a convolution with batch normalization that the engine runs as these operators. */
async function kindsOf(...opTypes: string[]) {
  const part = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['c']), node('BatchNormalization', ['c', 'one', 'zero', 'zero', 'one'], ['y'])],
      inputs: [valueInfo('x', 'float32', SHAPE)],
      outputs: [valueInfo('y', 'float32', SHAPE)],
      initializers: [
        floatTensor('w', [4, 4, 1, 1], new Float32Array(16)),
        floatTensor('one', [4], [1, 1, 1, 1]),
        floatTensor('zero', [4], [0, 0, 0, 0]),
      ],
    }),
  )
  const evidence = exampleEvidence()
  const given = { options: plainOptions, lanes: 16, threadsInUse: 1, isLong: false, remedies: [convBatchnorm], opTypes, evidence }
  return (await variantsOf({ part, row: part }, given)).map(({ kind }) => kind)
}

test('a rewrite that only leaves out what the engine leaves out by itself is no variant', async () => {
  expect(await kindsOf('Conv', 'BatchNormalization')).toContain('rewrite')
  expect(await kindsOf('Conv')).not.toContain('rewrite')
})
