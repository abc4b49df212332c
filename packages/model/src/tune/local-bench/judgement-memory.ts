// Judgements of earlier runs, found again by the bytes of models and inputs (of weights next to a model their size), goal and options.
import { createHash } from 'node:crypto'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { hashOfFile } from '@whyslow/measure/machine/files.ts'
import { type CacheKey, readCached, writeCached } from '@whyslow/measure/trials/cache.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import type { Bench, TrialMemory } from '../bench.ts'
import type { LocalBenchPlan } from './plan.ts'
import { runsKey, type SetupTasks } from './setup-tasks.ts'

/** Version of reading and judging (readings.ts, judge.ts, shortlist.ts): raised if one changes, since what was judged before is then judged again. */
const METHOD = 'method 3'

/** Nothing is kept without a cache. `method`: of another one nothing is found. */
export function judgementMemory(
  { cache, goal, inputs }: Pick<LocalBenchPlan, 'cache' | 'goal' | 'inputs'>,
  tasks: Pick<SetupTasks, 'fileOf'>,
  method = METHOD,
): Pick<Bench, 'recall' | 'remember'> {
  if (cache === undefined) return {}
  const inputsHash = hashOfFeeds(inputs.samples)
  const hashes = new Map<string, Promise<string>>()

  function hashOf(file: string): Promise<string> {
    const hash = hashes.get(file) ?? hashOfFile(file)
    hashes.set(file, hash)
    return hash
  }

  async function keyOf(base: RemedySetup, candidate: RemedySetup): Promise<CacheKey> {
    const sides = [base, candidate].map(async ({ model, batchFactor, ...rest }) => {
      const { file, sizeBytes } = await tasks.fileOf(model)
      return `${await hashOf(file)} ${sizeBytes} ${batchFactor} ${runsKey(rest)}`
    })
    const subject = [method, goal, inputsHash, ...(await Promise.all(sides))].join('\n')
    return { ...cache!.key, kind: 'trial', subject }
  }

  return {
    async recall(base, candidate) {
      return (readCached(await keyOf(base, candidate), cache.options).value as TrialMemory | undefined) ?? null
    },
    async remember(base, candidate, what) {
      writeCached(await keyOf(base, candidate), what, cache.options)
    },
  }
}

function hashOfFeeds(samples: readonly Feeds[]): string {
  const hash = createHash('sha256')
  for (const sample of samples) {
    for (const [name, { dtype, shape, data }] of Object.entries(sample)) {
      hash.update(`${name} ${dtype} ${shape.join('x')}`)
      if (ArrayBuffer.isView(data)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      else hash.update(JSON.stringify(data))
    }
  }
  return hash.digest('hex')
}
