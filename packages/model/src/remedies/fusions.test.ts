// The fusing rewrites one after the other on a transformer block in pieces.

import { modelInMemory } from '@whyslow/graph/build.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { expect, test } from 'vitest'
import {
  exampleEvidence,
  exampleSetup,
  executedGraph,
  largestDifference,
  randomFeeds,
  runSetup,
} from '../../test/support/remedies/check-remedy.ts'
import type { Remedy } from './kit/remedy.ts'
import { fuseAttention } from './rewrites/fuse-attention.ts'
import { fuseGelu } from './rewrites/fuse-gelu.ts'
import { fuseLayerNorm } from './rewrites/fuse-layer-norm.ts'
import { fuseSkipLayerNorm } from './rewrites/fuse-skip-layer-norm.ts'
import { mergeParallelMatmuls } from './rewrites/merge-parallel-matmuls.ts'

test('together with the other fusions a block is five products, an attention, two norms and a GELU', async () => {
  const setup = exampleSetup(modelInMemory(transformerBlocks()))
  const remedies: readonly Remedy[] = [fuseLayerNorm, fuseGelu, fuseAttention, mergeParallelMatmuls, fuseSkipLayerNorm]
  let fused = setup
  for (const remedy of remedies) {
    const [proposal] = await remedy.apply(fused, exampleEvidence(), {
      optimize: () => Promise.reject(new Error('not asked for')),
    })
    expect(proposal, remedy.id).toBeDefined()
    fused = proposal!.setup
  }
  const { nodes } = await executedGraph(fused)
  const count = (opType: string) => nodes.filter((one) => one.opType === opType).length
  // Query, key and value in one; projection, wide, narrow.
  expect([count('MatMul'), count('MultiHeadAttention'), count('SkipLayerNormalization'), count('BiasGelu')]).toEqual([4, 1, 2, 1])
  const feeds = [randomFeeds(setup.model, 3, { batch: 2, length: 7 })]
  const [[before], [after]] = [await runSetup(setup, feeds), await runSetup(fused, feeds)]
  expect(largestDifference(after!.y!, before!.y!)).toBeLessThan(1e-5)
})
