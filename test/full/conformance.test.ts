// Every model of ONNX's backend tests is read, run once under the profiler and costed; some go through the whole command. A model
// may be refused, by us or by the engine; nothing may break. Runs with WHYSLOW_TEST_FULL=1 where the suite is there: a folder with
// onnx-backend-tests-1.17.tar.br (model.onnx and test_data_set_0 for each), named by WHYSLOW_CONFORMANCE.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { readModel } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { folders, whyslow } from '../measured/command.ts'
import { ROOT } from '../root.ts'
import { untar } from './untar.ts'

const suite = resolve(ROOT, process.env.WHYSLOW_CONFORMANCE ?? '../shared/models/onnx-conformance')
const archive = join(suite, 'onnx-backend-tests-1.17.tar.br')
const reason = !process.env.WHYSLOW_TEST_FULL
  ? "ONNX's suite takes minutes (npm run test:full)"
  : !existsSync(archive)
    ? `${archive} is not there; name its folder with WHYSLOW_CONFORMANCE`
    : undefined

/** Models that go through the whole command: every n-th. */
const COMMAND_MODELS = 12
const QUICK = ['--quick', '--duration', '0.3', '--no-progress', '--json', '-']
/** One process that no longer says anything is ended and the model counts as aborted. */
const SILENT_MS = 60_000

interface Line {
  readonly name: string
  readonly started?: true
  readonly outcome?: 'costed' | 'refused' | 'bug' | 'aborted'
  readonly stage?: string
  readonly message?: string
  readonly nodes?: readonly Costed[]
  readonly origins?: readonly (readonly string[])[]
}

interface Costed {
  readonly opType: string
  readonly domain: string
  readonly known: boolean
  readonly reason: string | null
  readonly cost?: Readonly<Record<string, unknown>>
}

describe("ONNX's backend tests", () => {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-conformance-'))
  let names: readonly string[] = []

  beforeAll(() => {
    if (reason !== undefined) return
    untar(brotliDecompressSync(readFileSync(archive)), folder)
    names = readdirSync(folder)
      .flatMap((group) => readdirSync(join(folder, group)).map((name) => `${group}/${name}`))
      .filter((name) => existsSync(join(folder, name, 'model.onnx')))
      .sort()
  })
  beforeEach(({ skip }) => {
    if (reason !== undefined) skip(reason)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('every model is read, or refused in one line', async () => {
    const wrong: string[] = []
    let refused = 0
    for (const name of names) {
      try {
        viewGraph(await readModel(join(folder, name, 'model.onnx')))
      } catch (error) {
        refused++
        const { name: kind, message } = error as Error
        if (kind !== 'InputError' || message.includes('\n')) wrong.push(`${name}: ${kind}: ${message}`)
      }
    }
    console.log(`read: ${names.length - refused} of ${names.length} models`)
    expect(wrong).toEqual([])
    expect(names.length).toBeGreaterThan(1000)
    expect(refused).toBeLessThan(names.length / 20)
  })

  test('every model that runs is costed, and nothing breaks', { timeout: 420_000 }, async () => {
    const lines = await runAll(folder, names)
    const of = (outcome: Line['outcome']) => lines.filter((line) => line.outcome === outcome)
    const nodes = of('costed').flatMap((line) => line.nodes!)
    console.log(
      `run: ${of('costed').length} costed, ${of('refused').length} refused, ${of('aborted').length} aborted by the engine; ` +
        `cost formulas: ${nodes.filter(({ known }) => known).length} of ${nodes.length} nodes known; ` +
        `unknown: ${tally(nodes.filter(({ known }) => !known)).join(', ')}`,
    )
    console.log(`refused before the engine: ${of('refused').flatMap(beforeEngine).join('\n')}`)
    expect(of('bug')).toEqual([])
    expect(lines.length).toBe(names.length)
    expect(of('costed').length).toBeGreaterThan(1000)
    // INT4 outputs: as many as the suite has of them, not more.
    expect(
      of('aborted')
        .map(({ name }) => name)
        .filter((name) => !/int4|int2/i.test(name)),
    ).toEqual([])
    expect(nodes.filter(({ known }) => known).length / nodes.length).toBeGreaterThan(0.99)
    const numbers = nodes.flatMap(({ opType, cost }) =>
      ['macs', 'simpleOps', 'specialOps', 'bytes', 'streamingBytes', 'weightBytes'].flatMap((key) => {
        const value = cost?.[key]
        // JSON has no NaN and no infinity: they come as null.
        return cost === undefined || (typeof value === 'number' && value >= 0) ? [] : [`${opType}: ${key} ${value}`]
      }),
    )
    expect(numbers).toEqual([])
    const unnamed = of('costed').filter(({ origins }) => origins!.some((origin) => origin.length === 0 || origin.includes('')))
    expect(unnamed.map(({ name }) => name)).toEqual([])
  })

  test('the whole command answers or refuses', { timeout: 420_000 }, async () => {
    const wrong: string[] = []
    const statuses: Record<string, number> = {}
    const asked = names.filter((_, index) => index % Math.floor(names.length / COMMAND_MODELS) === 0)
    // Two at a time: most of a command's time goes to samples that take as long whatever else runs.
    const inTurn = asked.values()
    const runTheRest = async () => {
      const where = folders()
      for (const name of inTurn) {
        const run = await whyslow(where, join(folder, name, 'model.onnx'), ...QUICK)
        statuses[String(run.status)] = (statuses[String(run.status)] ?? 0) + 1
        const said = run.status === 0 ? run.stdout.startsWith('{') : /^whyslow: [^\n]+\n$/.test(run.stderr)
        if (!(run.status === 0 || run.status === 2) || !said || where.left().length > 0) {
          wrong.push(`${name}: exit ${run.status}, left ${where.left().join()}: ${run.stderr.slice(0, 300)}`)
        }
      }
      where.remove()
    }
    await Promise.all([runTheRest(), runTheRest()])
    console.log(`whole command, by exit code: ${JSON.stringify(statuses)}`)
    expect(wrong).toEqual([])
    expect(statuses['0']).toBeGreaterThan(COMMAND_MODELS / 2)
  })
})

const beforeEngine = ({ name, stage, message }: Line): string[] => (stage === 'engine' ? [] : [`  ${name}: ${stage}: ${message}`])

/** Runs all models in as few processes as native aborts allow. */
async function runAll(folder: string, names: readonly string[]): Promise<Line[]> {
  const scratch = join(folder, '.scratch')
  const results = join(folder, '.results.jsonl')
  mkdirSync(scratch, { recursive: true })
  const done: Line[] = []
  for (let left = names; left.length > 0; left = names.slice(done.length)) {
    writeFileSync(results, '')
    await runSome(folder, results, scratch, left)
    const lines = readFileSync(results, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
    if (lines.length === 0) throw new Error('the runner ended before its first model; is dist/ built?')
    done.push(...lines.filter(({ outcome }) => outcome !== undefined))
    const last = lines.at(-1)!
    if (last.outcome === undefined) done.push({ name: last.name, outcome: 'aborted' })
  }
  return done
}

async function runSome(folder: string, results: string, scratch: string, names: readonly string[]): Promise<void> {
  const runner = join(import.meta.dirname, 'conformance-runner.mjs')
  const child = spawn(process.execPath, [runner, folder, results, scratch], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => {})
  child.stdin.end(names.join('\n'))
  const ended = new Promise((settle) => child.on('close', settle))
  let seen = -1
  const watch = setInterval(() => {
    const size = readFileSync(results).length
    if (size === seen) child.kill('SIGKILL')
    seen = size
  }, SILENT_MS)
  await ended
  clearInterval(watch)
}

/** 'Operator 12', most frequent first. */
function tally(nodes: readonly Costed[]): string[] {
  const counts = new Map<string, number>()
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([opType, count]) => `${opType} ${count}`)
}
