// Commands that serve, ask a server, or generate text (smoke.test.ts).
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MODEL } from '@whyslow/command/support/example-trials.ts'
import { scriptedWorld } from '@whyslow/generation/support/scripted-world.ts'
import { scriptedTrials } from '@whyslow/generation/support/texts/scripted-encoder.ts'
import { writeTextEncoder } from '@whyslow/generation/support/texts/write-text-encoder.ts'
import type { EmbeddingDocument } from '@whyslow/report/documents/embedding.ts'
import type { PointPlan } from '@whyslow/serving/load/measure.ts'
import { makeRecords, recordsIn } from '@whyslow/serving/load/records.ts'
import { expect } from 'vitest'
import { typed, validDocument } from '../test/support/example-command-line.ts'
import { inOneLine, machine, smoke, smokeFolder } from '../test/support/example-smoke.ts'

const { place } = smokeFolder('why')

smoke('serve', 'answers a request, counts it, and ends with its answer given', async () => {
  let address = (_: string): void => {}
  const told = new Promise<string>((resolve) => {
    address = resolve
  })
  let end = (_: string): void => {}
  const stopped = new Promise<string>((resolve) => {
    end = resolve
  })
  const onText = (text: string) => {
    const found = /at (http:\S+)/.exec(text)?.[1]
    if (found !== undefined) address(found)
  }
  const serving = typed(`serve ${MODEL} --port 0 --workers 1 --threads 1 --name m`, { ended: () => stopped, onText })
  const at = await Promise.race([told, serving.then(({ said }) => Promise.reject(new Error(said)))])
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 16], data: Array.from({ length: 16 }, (_, k) => k) }]
  // A connection that is kept would be waited for.
  const headers = { connection: 'close' }
  const answer = await fetch(`${at}/infer`, { method: 'POST', headers, body: JSON.stringify({ inputs }) })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ model_name: 'm', outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 4] }] })
  end('SIGTERM')
  const { exitCode, printed, said } = await serving
  expect(exitCode).toBe(0)
  expect(printed).toMatch(/^Serving 'm' at http:\/\/127\.0\.0\.1:\d+\/v2\/models\/m \(1 worker × 1 thread\)\n$/)
  expect(said).toMatch(/"message":"draining","signal":"SIGTERM".*\n.*"message":"ended"/)
  await expect(fetch(at)).rejects.toThrow()
})

/** Each request is answered 5 ms after it was due, in no time of its own. */
const generate: NonNullable<PointPlan['generate']> = async (_, asked) => {
  const dueMs = asked.kind === 'open' ? asked.timeline.dueMs : new Float64Array()
  const records = recordsIn(makeRecords(dueMs.length))
  for (const [k, due] of dueMs.entries()) {
    for (const column of [records.dueMs, records.sentMs, records.openMs]) column[k] = due
    for (const column of [records.firstByteMs, records.doneMs]) column[k] = due + 5
    records.outcome[k] = 200
    records.toldMs.fill(Number.NaN)
  }
  return {
    records,
    sent: dueMs.length,
    stopped: false,
    startMs: 0,
    endMs: asked.lengthMs,
    repeated: 0,
    toldNames: [],
    kept: [],
    cpuMs: 1,
  }
}

smoke('load', 'the latency of a server at a rate', async () => {
  const server = createServer((_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`
    const ceiling = { ceilingPerSecond: 1e4, floorP50Ms: 0.1, floorP99Ms: 0.2, lagP50Ms: 0.01 }
    const line = `load ${url} --rate 50 --duration 20 --body {} --json ${place('load.json')} --no-progress`
    const { exitCode, printed, said } = await typed(line, {
      stages: (own) => ({
        load: (target, options) => own.load(target, { ...options, ceiling, generate, trials: machine() }),
      }),
    })
    expect(exitCode, said).toBe(0)
    expect(inOneLine(printed)).toContain('At 50 requests/s 99 % of the answers arrive within 5.00 ms')
    const { points } = validDocument(place('load.json'), 'load') as { points: unknown[] }
    expect(points).toMatchObject([{ offeredPerSecond: 50, p50Ms: 5, p99Ms: 5, errors: 0, saturated: false }])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

smoke('generate', 'what a token is made of: text, document and page', async () => {
  // A token takes 10 ms, and 10 more for each thousand tokens in the cache.
  const { ports, trials } = scriptedWorld({ fixedMs: 10, perDepthMs: 0.01 })
  const files = `--json ${place('generation.json')} --html ${place('generation.html')}`
  const { exitCode, printed, said } = await typed(`generate model.onnx --quick ${files} --no-progress`, {
    stages: (own) => ({ generate: (target, options) => own.generate(target, { ...options, trials }, ports) }),
  })
  expect(exitCode, said).toBe(0)
  expect(inOneLine(printed)).toContain('A token takes 12.9 ms (12.9–12.9) after 288 tokens of context')
  expect(validDocument(place('generation.json'), 'generation')).toMatchObject({ setup: { processes: 3, newTokens: 64 } })
  expect(readFileSync(place('generation.html'), 'utf8')).toContain('<title>whyslow: tiny</title>')
})

smoke('embed', 'ways of batching: text, document and page', async () => {
  const trials = scriptedTrials()
  const files = `--json ${place('embedding.json')} --html ${place('embedding.html')} --markdown ${place('embedding.md')}`
  const { exitCode, printed, said } = await typed(`embed ${writeTextEncoder(place('encoder'))} --quick ${files} --no-progress`, {
    stages: (own) => ({ embed: (target, options) => own.embed(target, { ...options, trials }) }),
  })
  expect(exitCode, said).toBe(0)
  expect(inOneLine(printed)).toMatch(/Made-up texts take .* each, one at a time.* batches of \d+ as they come/)
  expect(validDocument(place('embedding.json'), 'embedding')).toMatchObject({ setup: { processes: 3, texts: 25, batch: 12 } })
  expect(readFileSync(place('embedding.html'), 'utf8')).toContain('<title>whyslow: encoder</title>')
  expect(readFileSync(place('embedding.md'), 'utf8')).toContain('| batches of 12, sorted by length |')
  // What its findings print runs as it is printed.
  const { findings } = JSON.parse(readFileSync(place('embedding.json'), 'utf8')) as EmbeddingDocument
  expect(findings.length).toBeGreaterThan(0)
  for (const { run } of findings) {
    const again = await typed([run!.command, ...run!.arguments], {
      stages: (own) => ({ embed: (target, options) => own.embed(target, { ...options, trials }) }),
    })
    expect(again.exitCode, again.said).toBe(0)
  }
})

smoke('view', 'serves the page of a document until it is interrupted', async () => {
  const stop = new AbortController()
  let address = (_: string): void => {}
  const told = new Promise<string>((resolve) => {
    address = resolve
  })
  const onText = (text: string) => {
    const found = /whyslow: (http:\S+)/.exec(text)?.[1]
    if (found !== undefined) address(found)
  }
  const serving = typed(`view ${place('why.json')} --no-open`, { signal: stop.signal, onText })
  const url = await Promise.race([told, serving.then(({ said }) => Promise.reject(new Error(said)))])
  const page = await fetch(url)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<html')
  stop.abort()
  await serving
  await expect(fetch(url)).rejects.toThrow()
})
