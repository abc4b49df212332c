import path from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { afterEach, expect, test, vi } from 'vitest'
import type { FlagsOf } from './flags.ts'
import { runFleet } from './fleet.ts'
import type { Stages } from './stages.ts'

const model = path.join(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
const plain: FlagsOf<'fleet'> = { graphOptimization: 'all', cache: 'use', lock: true, progress: false }
const queue = { queue: 'redis://127.0.0.1:6379', models: import.meta.dirname }

afterEach(() => {
  vi.unstubAllEnvs()
})

const runWith = async (flags: Partial<FlagsOf<'fleet'>>, load: () => Promise<Stages>) =>
  runFleet([model], { ...plain, ...flags }, { screen: keptScreen(), signal: new AbortController().signal, load })

test('the queue of the environment is used where machines are named, and not without', async () => {
  vi.stubEnv('WHYSLOW_QUEUE', 'redis://127.0.0.1:6379')
  vi.stubEnv('WHYSLOW_FLEET_MODELS', import.meta.dirname)
  const stages = {
    fleet: () => Promise.reject(new Error('on this machine')),
    fleetByQueue: (_: unknown, __: unknown, { queue }: { queue: string }) => Promise.reject(new Error(`through ${queue}`)),
  } as unknown as Stages
  const load = () => Promise.resolve(stages)
  await expect(runWith({ onlyMachines: ['x64*'] }, load)).rejects.toThrow('through redis://127.0.0.1:6379')
  await expect(runWith({}, load)).rejects.toThrow('on this machine')
})

test.each<[string, Partial<FlagsOf<'fleet'>>, RegExp]>([
  ['a pattern of machines without a queue', { onlyMachines: ['x64*'] }, /--only-machines goes with --queue/],
  ['a queue without models', { queue: queue.queue }, /--queue needs --shared-models/],
  [
    'what a job does not carry',
    { ...queue, ort: import.meta.dirname, imagePreprocessing: 'bgr' },
    /^--ort, --image-preprocessing: a trial in a queue does not carry it/,
  ],
  ['another optimization', { ...queue, graphOptimization: 'basic' }, /^--graph-optimization: a trial/],
])('%s is refused before anything is measured', async (_, flags, words) => {
  await expect(runWith(flags, () => Promise.resolve({} as Stages))).rejects.toThrow(words)
})
