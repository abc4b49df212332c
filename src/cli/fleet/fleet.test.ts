import path from 'node:path'
import { expect, test } from 'vitest'
import { keptScreen } from '../example-screen.ts'
import { unaskedStages } from '../example-stages.ts'
import { type FleetFlags, runFleet } from './fleet.ts'

const model = path.join(import.meta.dirname, '../../../fixtures/models/symbolic-batch.onnx')
const plain: FleetFlags = { graphOptimization: 'all', cache: true, progress: false }
const queue = { queue: 'redis://127.0.0.1:6379', models: import.meta.dirname }

test.each<[string, Partial<FleetFlags>, RegExp]>([
  ['one engine', { engine: 'ort-cpu' }, /fleet takes --engines/],
  ['a pattern of machines without a queue', { machines: ['x64*'] }, /--machines goes with --queue/],
  ['a queue without models', { queue: queue.queue }, /--queue needs --models/],
  [
    'what a job does not carry',
    { ...queue, ort: import.meta.dirname, pictures: 'bgr' },
    /^--ort, --pictures: a trial in a queue does not carry it/,
  ],
  ['another optimization', { ...queue, graphOptimization: 'basic' }, /^--graph-optimization: a trial/],
])('%s is refused before anything is measured', async (_, flags, words) => {
  const surroundings = {
    screen: keptScreen(),
    signal: new AbortController().signal,
    load: () => Promise.resolve(unaskedStages),
  }
  await expect(runFleet([model], { ...plain, ...flags }, surroundings)).rejects.toThrow(words)
})
