import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber })
const nodes = [
  { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
  { id: 2, callFrame: frame('handle', 'file:///app/serve.js', 9), children: [5] },
  { id: 3, callFrame: frame('(idle)') },
  { id: 4, callFrame: frame('(garbage collector)') },
  { id: 5, callFrame: frame('run', 'file:///app/node_modules/onnxruntime-common/dist/cjs/inference-session-impl.js', 3) },
]

test('samples with the µs that belong to each; a negative delta is nothing', async () => {
  const { functions } = await readFunctions({
    nodes,
    startTime: 0,
    endTime: 100,
    samples: [2, 5, 3, 4],
    timeDeltas: [40, 30, 30, -5],
  })
  expect(functions).toMatchObject({ how: 'samples', totalMs: 0.1, idleShare: 0.3, model: { share: 0.3 } })
  expect(functions.rows[0]).toMatchObject({ name: 'handle', line: 10, selfShare: 0.4, totalShare: 0.7, language: 'javascript' })
})

test.each([
  ['a node that is not there', { nodes, samples: [77], timeDeltas: [1] }, /node 77/],
  [
    'nodes in a circle',
    { nodes: [{ id: 1, callFrame: frame('a'), children: [1] }], samples: [1], timeDeltas: [1] },
    /in a circle/,
  ],
  ['no samples', { nodes, samples: [], timeDeltas: [] }, /no samples/],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})
