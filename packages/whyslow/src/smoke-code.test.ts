// Commands that run the user's own code (smoke.test.ts).
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunPass } from '@whyslow/code/driver.ts'
import type { Message, Pass } from '@whyslow/code/protocol.ts'
import { exampleLine, exampleStageFact } from '@whyslow/code/support/example-pipeline.ts'
import type { Contestant, Request, Source } from '@whyslow/code/turns/contestant.ts'
import { encodeValue } from '@whyslow/code/turns/encode-value.ts'
import { expect } from 'vitest'
import { typed, validDocument } from '../test/support/example-command-line.ts'
import { inOneLine, machine, smoke, smokeFolder } from '../test/support/example-smoke.ts'

const { place } = smokeFolder()

/** Two programs that give the same, in so many ms. */
const contestants = (times: Readonly<Record<string, number>>) => (source: Source) => {
  const timeMs = times[path.basename(source.file)]!
  const answer = (request: Request): unknown => {
    switch (request.ask) {
      case 'open':
        return {
          runtime: 'Node 20',
          stages: ['predict'],
          hasSamples: true,
          takesSample: true,
          importMs: 1,
          loadMs: null,
          packages: [],
        }
      case 'samples':
        return { samples: [1, 2].map(encodeValue), stays: null }
      case 'output':
        return { value: encodeValue([request.sample, 1]), timeMs, wroteInput: false, copied: true }
      case 'time':
        return { passMs: [timeMs * request.order.length] }
      default:
        return { others: [], main: null }
    }
  }
  return { pid: -1, end: async () => {}, ask: async (request: Request) => answer(request) } as unknown as Contestant
}
const app = (name: string) => {
  writeFileSync(place(name), 'export const predict = (x) => x\n')
  return place(name)
}

smoke('watch', 'what requests of a server that is started spend their time on', async () => {
  const server = place('server.mjs')
  writeFileSync(
    server,
    `import { createServer } from 'node:http'
    const busy = (ms) => { for (const until = performance.now() + ms; performance.now() < until; ); }
    const server = createServer((request, response) => { busy(5); response.end() }).listen(0, '127.0.0.1', async () => {
      for (let k = 0; k < 4; k++) await fetch('http://127.0.0.1:' + server.address().port + '/predict')
      process.exit()
    })`,
  )
  const line = `--json ${place('watch.json')} -- ${process.execPath} ${server}`
  const { exitCode, printed, said } = await typed(line, { ended: () => new Promise(() => {}) })
  expect(exitCode, said).toBe(0)
  expect(inOneLine(printed)).toMatch(/of a typical request are your code; no model ran in it\..* 4 requests, p50/)
  expect(validDocument(place('watch.json'), 'watch')).toMatchObject({ ended: 'command', requests: { seen: 4, unanswered: 0 } })
})
smoke('ab', 'the faster of two programs that give the same', async () => {
  const start = contestants({ 'old.mjs': 4, 'new.mjs': 2 })
  const line = `ab ${app('old.mjs')} ${app('new.mjs')} --runs 4 --json ${place('ab.json')} --no-progress`
  const { exitCode, printed } = await typed(line, {
    stages: (own) => ({ ab: (files, options) => own.ab(files, { ...options, start, trials: machine() }) }),
  })
  expect(exitCode).toBe(0)
  // 4 ms over 2 ms.
  expect(inOneLine(printed)).toContain('new.mjs is 2.00× faster than old.mjs (2.00×): 2.00 ms instead of 4.00 ms per call.')
  expect(validDocument(place('ab.json'), 'ab')).toMatchObject({
    verdict: 'faster',
    outputs: { agreement: 'identical', samples: 2 },
  })
})

smoke('ab', 'a difference is not called the same', async () => {
  const start = contestants({ 'old.mjs': 2, 'new.mjs': 2 })
  const { printed } = await typed(`ab ${app('old.mjs')} ${app('new.mjs')} --runs 4 --no-progress --json -`, {
    stages: (own) => ({ ab: (files, options) => own.ab(files, { ...options, start, trials: machine() }) }),
  })
  expect(validDocument(printed, 'ab')).toMatchObject({ verdict: 'no-difference', outputs: { agreement: 'identical' } })
})

/** 2 ms of preprocess and 8 ms of predict in each call; the profiler sees one line of preprocess. */
const passes: RunPass = async (_, { pass, file }) => {
  const target = { kind: 'stages', stages: ['preprocess', 'predict'], places: [null, null] } as const
  const calls = Array.from({ length: 20 }, (_, k) => k % 2)
  const common: Message[] = [
    { kind: 'hello', language: 'javascript', runtime: { name: 'node', version: '20.19.0', executable: 'node' }, pid: 1 },
    { kind: 'imported', ms: 5, target },
    { kind: 'samples', count: 2, source: 'module' },
    { kind: 'first', totalMs: 12, stagesMs: [3, 9] },
    { kind: 'warm', calls: 5, ms: 50 },
  ]
  const own: Readonly<Record<Pass, Message[]>> = {
    time: [
      {
        ...{ kind: 'block', staged: true, wallMs: 200, samples: calls, totalMs: calls.map(() => 10), cpuMs: 200, gcMs: 0 },
        stagesMs: [calls.map(() => 2), calls.map(() => 8)],
      },
    ],
    torch: [],
    capture: [],
    profile: [{ kind: 'lines', lines: [exampleLine({ file, selfMs: 2 })], samples: 400, predictions: 20, p50Ms: 10 }],
    facts: [
      { kind: 'stages', stages: [exampleStageFact('preprocess', { cpuMs: 2 }), exampleStageFact('predict', { cpuMs: 8 })] },
    ],
  }
  const messages: Message[] = [...common, ...own[pass], { kind: 'process', facts: {} }, { kind: 'bye' }]
  return { messages, failure: null, log: { head: '', tail: '', bytes: 0 }, leftRunning: 0 }
}

smoke('pipeline', 'the stages of the code, with their times', async () => {
  const line = `pipeline ${app('stages.mjs')} --no-inner --json ${place('pipeline.json')} --no-progress`
  const { exitCode, printed, said } = await typed(line, {
    stages: (own) => ({
      pipeline: (file, options) => own.pipeline(file, { ...options, run: passes, trials: machine(), replace: null }),
    }),
  })
  expect(exitCode, said).toBe(0)
  expect(inOneLine(printed)).toMatch(/10\.0 ms/)
  const { stages } = validDocument(place('pipeline.json'), 'report') as { stages: { name: string; timeMs: number }[] }
  expect(stages.map(({ name, timeMs }) => [name, timeMs])).toEqual([
    ['preprocess', expect.closeTo(2)],
    ['predict', expect.closeTo(8)],
    ['unexplained', expect.closeTo(0)],
  ])
})

smoke('pipeline', '--explain-gap takes one difference after the other away', async () => {
  const start = contestants({ 'gap.mjs': 4 })
  const line = `pipeline ${app('gap.mjs')} --explain-gap --quick --no-progress --json -`
  const pass = async () => ({ messages: [] }) as never
  const { exitCode, printed, said } = await typed(line, {
    stages: (own) => ({ explainGap: (file, options) => own.explainGap(file, { ...options, start, pass, trials: machine() }) }),
  })
  expect(exitCode, said).toBe(0)
  const { rungs } = validDocument(printed, 'gap') as { rungs: { id: string; timeMs: number }[] }
  expect(rungs[0]).toMatchObject({ id: 'app', timeMs: 4 })
  expect(rungs.map(({ id }) => id)).toContain('same-inputs')
})
