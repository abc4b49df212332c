// Gaps that are planted: the ladder names the rung of each, and nothing else costs as much. Below a model that predict runs stands that
// model alone.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { explainGap } from '@whyslow/code/commands/explain-gap/explain-gap.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { GapDocument, GapRungId } from '@whyslow/report/documents/gap.ts'
import { afterAll, expect, type TestContext, test } from 'vitest'
import { besideEachOther, fixture, folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())
besideEachOther()

const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasPython = spawnSync(python, ['-c', 'pass']).status === 0

const WORK = 'const work = (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum += Math.sqrt(i ^ sum); return sum }'
const ORT = createRequire(import.meta.url).resolve('onnxruntime-node')

interface Planted {
  readonly name: string
  readonly rung: GapRungId
  readonly text: string
}

/** The one that the command is given. */
const TYPED = 'typed.ts'

/** Each gives two samples: as many as the rung of one input needs. JavaScript, TypeScript and Python; each rung that is held still in one of them. */
const PROGRAMS: readonly Planted[] = [
  {
    name: TYPED,
    rung: 'predict-alone',
    text: `
enum Turns { many = 3_000_000, few = 100_000 }
const work = (turns: Turns): number => { let sum = 0; for (let i = 0; i < turns; i++) sum += Math.sqrt(i ^ sum); return sum }
export const samples = (): number[] => [1, 2]
export const preprocess = (x: number): readonly [number, number] => [x, work(Turns.many)]
export const predict = ([x, sum]: readonly [number, number]): number => x + sum + work(Turns.few)
`,
  },
  {
    name: 'app.py',
    rung: 'predict-alone',
    text: `
def work(turns):
    total = 0
    for i in range(turns):
        total += i & 7
    return total
def samples():
    return [1, 2]
def preprocess(x):
    return (x, work(300_000))
def predict(x):
    return x[0] + x[1] + work(10_000)
`,
  },
  {
    name: 'busy-loop.mjs',
    rung: 'loop-still',
    text: `${WORK}
const burn = (ms) => { const end = performance.now() + ms; while (performance.now() < end) {} }
setInterval(() => burn(12), 15)
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))
export const samples = () => [1, 2]
// Longer than the loop is free between two turns of the interval: no call gets through unhindered.
export const predict = async (x) => { for (let k = 0; k < 6; k++) await turn(); return x + work(10_000) }
`,
  },
  {
    name: 'threads.py',
    rung: 'threads-still',
    text: `
import threading, time
def work(turns):
    total = 0
    for i in range(turns):
        total += i & 7
    return total
def other():
    while True:
        work(100_000)
        time.sleep(0)
for _ in range(3):
    threading.Thread(target=other, daemon=True).start()
def samples():
    return [1, 2]
def predict(x):
    # Longer than a thread may go on while others wait (5 ms), on the fastest machine too.
    return x + work(600_000)
`,
  },
  {
    name: 'sessions.mjs',
    rung: 'sessions-still',
    text: `import ort from ${JSON.stringify(ORT)}
const [file, options] = [${JSON.stringify(fixture('symbolic-image'))}, { intraOpNumThreads: 1 }]
const [main, ...others] = await Promise.all([0, 1, 2, 3].map(() => ort.InferenceSession.create(file, options)))
const image = (size) => new ort.Tensor('float32', new Float32Array(3 * size * size), [1, 3, size, size])
const [large, small] = [image(320), image(256)]
export const samples = () => [1, 2]
export const predict = async () => {
  for (const other of others) await other.run({ image: small })
  return main.run({ image: large })
}
`,
  },
]

/** As the command does it. */
async function typed(file: string): Promise<GapDocument> {
  const ended = await whyslow(where, 'pipeline', file, '--explain-gap', '--quick', '--no-progress', '--json', '-')
  expect(ended.status, ended.stderr).toBe(0)
  return JSON.parse(ended.stdout) as GapDocument
}

/** With fewer passes than the command makes, and without a lock of its own. */
const climbed = (file: string): Promise<GapDocument> =>
  explainGap(file, { quick: true, passes: 3, python, trials: { ...localTrials, alone: (work) => work() } })

async function findsPlanted({ name, rung, text }: Planted, context: TestContext): Promise<void> {
  if (name.endsWith('.py') && !hasPython) context.skip('no Python')
  onlyFull(context, 'six rungs in three processes')
  const file = join(where.data, name)
  writeFileSync(file, text)
  const { rungs, unexplainedMs, left } = await (name === TYPED ? typed : climbed)(file)
  const planted = rungs.find(({ id }) => id === rung)!
  expect(planted).toMatchObject({ matters: true })
  const others = rungs.filter(({ id }) => id !== rung).map(({ savedMs }) => savedMs ?? 0)
  expect(planted.savedMs).toBeGreaterThan(Math.max(...others))
  const foot = rungs.at(-1)!
  const isAlone = foot.id === 'model-alone'
  const absent = left?.find(({ id }) => id === 'model-alone')?.reason
  // The only one that runs a model.
  expect(isAlone, absent).toBe(rung === 'sessions-still')
  expect(unexplainedMs).toBe(isAlone ? foot.savedMs : null)
  expect(absent).toBe(isAlone ? undefined : 'no session of an engine was seen at work')
}
const ALONE = PROGRAMS.filter(({ rung }) => rung === 'predict-alone')
// What is planted in these is thirty times the rest: two of them may disturb each other.
test.concurrent.for(ALONE)('the planted gap of $name', findsPlanted)

test.for(PROGRAMS.filter((one) => !ALONE.includes(one)))('the planted gap of $name', findsPlanted)
