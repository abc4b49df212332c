import { expect, test } from 'vitest'
import { experiments } from '../../test/support/diagnose/example-evidence.ts'
import { causesOf, findingOf } from './isolated-operators.ts'

test('of three operators the two that would save most are named, and all are counted', () => {
  const row = (node: string, aloneMs: number) =>
    ({
      nodes: [node],
      opTypes: [node],
      shapes: '',
      aloneMs,
      insideMs: aloneMs,
      variants: [{ kind: 'four-samples', ratio: 0.5 }],
    }) as const
  const causes = causesOf(experiments([row('Conv', 1), row('Gemm', 3), row('Einsum', 2)]), () => true)
  const found = findingOf(causes, 10, { cure: 'Batches help.', next: null })
  // Half of 6 ms.
  expect(found).toMatchObject({
    wouldSaveMs: 3,
    nodes: ['Gemm', 'Einsum', 'Conv'],
    detail: expect.stringMatching(
      /Timed alone, Gemm takes 3\.00 ms, and 1\.50 ms changed; Einsum takes 2\.00 ms, and 1\.00 ms changed\. Batches help\.$/,
    ),
  })
})
