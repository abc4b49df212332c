// Files damaged in thousands of ways, each read in a process that may die: whatever stands in a file, reading it gives a model, data or a
// recording, or one line that says what is wrong. No crash, no end of memory, no hang, nothing written.
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import type { FuzzLine, FuzzTask } from './child.ts'
import { FORMATS } from './formats.ts'

const isFull = process.env.WHYSLOW_TEST_FULL !== undefined
const CASES = Number(process.env.WHYSLOW_FUZZ_CASES ?? (isFull ? 10_000 : 200))
/** Generous: a case takes some milliseconds. */
const HANGS_AFTER_MS = 30_000
/** Of V8's own. */
const HEAP_MB = 320
/** So many are listed, then the format is left. */
const MOST_WRONG = 12

let folder: string
let child: string
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-fuzz-'))
  child = path.join(folder, 'child.mjs')
  await build({
    entryPoints: [path.join(import.meta.dirname, 'child.ts')],
    outfile: child,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
    // Packages in CommonJS that are bundled look for Node's own modules.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url)" },
  })
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly wrong: readonly string[]
  readonly read: number
  readonly refused: number
  readonly mostMb: number
}

async function fuzz(format: string): Promise<Outcome> {
  const own = fs.mkdtempSync(path.join(folder, 'format-'))
  const wrong: string[] = []
  let [read, refused, mostMb, from] = [0, 0, 0, 0]
  while (from < CASES && wrong.length < MOST_WRONG) {
    const { lines, ended, last } = await run({ format, from, to: CASES, fixtures: path.join(ROOT, 'fixtures'), folder: own })
    for (const line of lines) {
      if (line.wrong !== undefined) wrong.push(`seed ${line.seed} (${line.says}): ${line.wrong}`)
      read += line.read ?? 0
      refused += line.refused ?? 0
      mostMb = Math.max(mostMb, line.mostMb ?? 0)
    }
    if (ended === undefined) break
    wrong.push(`seed ${last.seed} (${last.says}): ${ended}`)
    from = (last.seed ?? from) + 1
  }
  return { wrong, read, refused, mostMb }
}

interface Run {
  readonly lines: readonly FuzzLine[]
  /** Why it ended before its last case. */
  readonly ended: string | undefined
  readonly last: FuzzLine
}

async function run(task: FuzzTask): Promise<Run> {
  const flags = ['--expose-gc', `--max-old-space-size=${HEAP_MB}`]
  const started = spawn(process.execPath, [...flags, child, JSON.stringify(task)], { cwd: task.folder })
  let [out, errors] = ['', '']
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-3000)
  })
  const progress = path.join(task.folder, '.progress')
  const code = await endOf(started, () => (fs.existsSync(progress) ? fs.readFileSync(progress, 'utf8') : ''))
  const [first = ''] = fs.readFileSync(progress, 'utf8').split('\n')
  const lines = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as FuzzLine]))
  return { lines, ended: code === '0' ? undefined : `${code} ${errors.trim()}`, last: JSON.parse(first || '{}') as FuzzLine }
}

/** Its exit code; it is killed when it stays at one case. */
function endOf(started: ChildProcess, at: () => string): Promise<string> {
  return new Promise((resolve) => {
    let [seen, since, hangs] = ['', Date.now(), false]
    const watch = setInterval(() => {
      const now = at()
      if (now !== seen) [seen, since] = [now, Date.now()]
      if (Date.now() - since < HANGS_AFTER_MS) return
      hangs = true
      started.kill('SIGKILL')
    }, 500)
    started.on('close', (code, signal) => {
      clearInterval(watch)
      resolve(hangs ? `no end within ${HANGS_AFTER_MS} ms` : (signal ?? String(code)))
    })
  })
}

/** Processes that run at the same time. */
const LANES = 2
const lanes = Array.from({ length: LANES }, () => Promise.resolve())
let nextLane = 0

/** Does it when the lane is free whose turn it is. */
function inLane<T>(work: () => Promise<T>): Promise<T> {
  const lane = nextLane++ % LANES
  const done = lanes[lane]!.then(work)
  lanes[lane] = done.then(
    () => {},
    () => {},
  )
  return done
}

describe.concurrent(`${CASES} damaged files`, () => {
  test.each(Object.keys(FORMATS))(
    '%s',
    async (format) => {
      const { wrong, read, refused, mostMb } = await inLane(() => fuzz(format))
      if (isFull) console.log(`${format}: ${read} read, ${refused} refused, ${mostMb} MB at most`)
      expect(wrong).toEqual([])
      // The changes reach further than the first check, and are not all of no effect.
      expect(read).toBeGreaterThan(0)
      expect(refused).toBeGreaterThan(0)
    },
    1_800_000,
  )
})
