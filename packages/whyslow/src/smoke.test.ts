// Every command once, from its words to its exit code, in this process: on a scripted machine, with scripted programs, servers and a
// scripted clock. Each asserts what would be missing if the command stopped working. What fix, quantize and lint change is in planted.test.ts.
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import type { RunPass } from '@whyslow/code/driver.ts'
import type { Message, Pass } from '@whyslow/code/protocol.ts'
import { exampleLine, exampleStageFact } from '@whyslow/code/support/example-pipeline.ts'
import type { Contestant, Request, Source } from '@whyslow/code/turns/contestant.ts'
import { encodeValue } from '@whyslow/code/turns/encode-value.ts'
import { type MachineScript, MODEL, profileOf, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { readTflite } from '@whyslow/formats/tflite.ts'
import { scriptedWorld } from '@whyslow/generation/support/scripted-world.ts'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import type { PointPlan } from '@whyslow/serving/load/measure.ts'
import { makeRecords, recordsIn } from '@whyslow/serving/load/records.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Ended, onTrials, parsed, typed, validDocument } from '../test/support/example-command-line.ts'
import { flags } from './options/flags.ts'
import type { Stages } from './stages.ts'

const folder = folderOfTests()
const place = (name: string) => path.join(folder, name)
const fixture = (name: string) => path.resolve(import.meta.dirname, '../../../fixtures', name)
/** Stubs end with each test. */
const inOwnFolders = () => {
  vi.stubEnv('XDG_CACHE_HOME', place('cache'))
  vi.stubEnv('XDG_DATA_HOME', place('data'))
}
beforeEach(inOwnFolders)

/** Commands that were smoke-tested, by name; `why` is the program without a command. */
const tested = new Set<string>()
function smoke(command: string, what: string, body: () => Promise<void>): void {
  tested.add(command)
  test(`${command}: ${what}`, body)
}

/** The same model in another file. */
const OTHER = place('other.onnx')
const same = fromBinary(ModelProtoSchema, readFileSync(MODEL))
writeFileSync(OTHER, writeModel(copyWith(same, { producerName: 'another' })))

/** 3 ms a prediction, 1 ms on one thread; of the profiled time both products take half. */
const machine = (script: Partial<MachineScript> = {}) =>
  scriptedMachine({
    latency: ({ options }) => (options.threads === 1 ? 1 : 3),
    ...script,
    more: { profile: profileOf({ Gemm: 1.5 }), ...script.more },
  })
const run = (line: string, script: Partial<MachineScript> = {}) => typed(line, { stages: onTrials(machine(script)) })
const inOneLine = (text: string) => text.replace(/\s+/g, ' ')

/** What other commands start from: a report with its evidence in the history, a machine, a study. */
const before: Readonly<Record<'why' | 'machine' | 'fleet', string>> = {
  why: `${MODEL} --no-cache --save --json ${place('why.json')} --save-evidence ${place('why.evidence')} --html ${place('why.html')}`,
  machine: `machine --refresh --json ${place('machine.json')}`,
  fleet: `fleet ${MODEL} ${OTHER} --batch 1,8 --no-cache --json ${place('fleet.json')}`,
}
const ended: Partial<Record<keyof typeof before, Ended>> = {}
beforeAll(async () => {
  inOwnFolders()
  for (const [name, line] of Object.entries(before)) ended[name as keyof typeof before] = await run(line)
})

describe('models', () => {
  smoke('why', 'the time, where it goes and what would save most; report, evidence and history are kept', async () => {
    const { exitCode, printed } = ended.why!
    expect(exitCode).toBe(0)
    expect(inOneLine(printed)).toMatch(/^3\.00 ms \(3\.00–3\.00\) per prediction\. /)
    // 3 ms on two threads, 1 ms on one.
    expect(printed).toContain('3.00 ms with 2 threads, 1.00 ms with 1, 67 %')
    const report = validDocument(place('why.json'), 'report')
    expect(report).toMatchObject({
      latency: { p50Ms: 3 },
      machine: { cpu: 'Example CPU', usableCpus: 2 },
      engine: { id: 'ort-cpu' },
    })
    expect(readFileSync(place('why.html'), 'utf8')).toContain('<html')
    expect(existsSync(place('why.evidence'))).toBe(true)
  })

  smoke('explain', 'the same report of saved evidence, without an engine', async () => {
    const { exitCode, printed } = await typed(`explain ${place('why.evidence')} --json -`)
    expect(exitCode).toBe(0)
    expect(validDocument(printed, 'report').answer).toBe(parsed(place('why.json')).answer)
  })

  smoke('explain', 'a trace of another tool', async () => {
    const { exitCode, printed } = await typed(`explain ${fixture('traces/torch-clean.json.gz')} --json -`)
    expect(exitCode).toBe(0)
    expect(validDocument(printed, 'report')).toMatchObject({ trace: expect.objectContaining({}) })
  })

  smoke('history', 'what --save kept', async () => {
    const { exitCode, printed } = await typed(`history ${MODEL} --json -`)
    expect(exitCode).toBe(0)
    expect(validDocument(printed, 'history')).toMatchObject({
      entries: [{ latency: { p50Ms: 3 }, engine: expect.anything() }],
      warnings: [],
    })
    const shown = await typed('history')
    expect(shown.printed).toMatch(/^symbolic-batch\.onnx +ort-cpu /m)
  })

  smoke('fix', 'a dry run names what it would try', async () => {
    const { exitCode, printed } = await run(`fix ${MODEL} --dry-run --no-cache`)
    expect(exitCode).toBe(0)
    expect(inOneLine(printed)).toMatch(/ Would try: .*thread-count 1/)
  })

  smoke('quantize', 'float16 is refused on the CPU, before anything is measured', async () => {
    const { exitCode, said } = await run(`quantize ${MODEL} -o ${place('half.onnx')} --method float16`)
    expect(exitCode).toBe(2)
    expect(said).toMatch(/^whyslow: .*float16: engines on the CPU convert/)
  })

  smoke('lint', 'the operator that runs in float, what its conversions take, and the remedy', async () => {
    const tried = { outputs: [{ name: 'y', type: { dtype: 'float32' as const, shape: [1, 16] }, finite: true }] }
    const profile = profileOf({ QuantizeLinear: 0.2, DequantizeLinear: 0.3, MatMul: 1 })
    const { exitCode, printed } = await run(`lint ${fixture('models/qdq.onnx')} --no-cache`, {
      latency: () => 2,
      tried,
      more: { profile },
    })
    expect(exitCode).toBe(0)
    // As profiled 2.3 ms: two QuantizeLinear, three DequantizeLinear and the product of 1 ms; at a pace of 2 ms 1 / 2.3 × 2 = 0.87 ms.
    expect(inOneLine(printed)).toContain('operator 870 µs')
    expect(inOneLine(printed)).toContain('whyslow fix -o repaired.onnx can repair it (constant-dequantization)')
  })

  smoke('compare', 'the faster of two models, in every round', async () => {
    const line = `compare ${MODEL} ${OTHER} --no-cache --json ${place('compare.json')}`
    const { exitCode, printed } = await run(line, { latency: ({ modelFile }) => (modelFile === OTHER ? 1.5 : 3) })
    expect(exitCode).toBe(0)
    // 3 ms over 1.5 ms.
    expect(inOneLine(printed)).toContain('symbolic-batch.onnx takes 2.0× as long.')
    expect(validDocument(place('compare.json'), 'comparison')).toMatchObject({
      ranking: [
        { id: OTHER, place: 1 },
        { id: MODEL, place: 2 },
      ],
    })
  })

  smoke('check', 'exit code 3 with the ratio if the model is slower, 0 if it is not', async () => {
    const latency: MachineScript['latency'] = ({ modelFile }) => (modelFile === OTHER ? 4.5 : 3)
    const slower = await run(`check ${OTHER} --baseline ${MODEL} --no-cache`, { latency })
    // 4.5 ms over 3 ms.
    expect(slower).toMatchObject({
      exitCode: 3,
      said: expect.stringMatching(/^whyslow: --fail-above 1\.1: other\.onnx takes 1\.50×/),
    })
    const faster = await run(`check ${MODEL} --baseline ${OTHER} --no-cache --json -`, { latency })
    expect(faster.exitCode).toBe(0)
    expect(validDocument(faster.printed, 'check')).toMatchObject({ schema: 'whyslow-check/1', verdict: 'within', failAbove: 1.1 })
  })

  smoke('check', 'against a report of the same machine, and none of another', async () => {
    const same = await run(`check ${MODEL} --against ${place('why.json')} --no-cache`)
    expect(same).toMatchObject({ exitCode: 0, said: '' })
    expect(inOneLine(same.printed)).toContain('within 1.1×')
    const other = await run(`check ${MODEL} --against ${place('why.json')} --no-cache`, { machine: { cpu: 'Another CPU' } })
    expect(other).toMatchObject({ exitCode: 2, said: expect.stringMatching(/of another machine .*--allow-other-machine/) })
  })

  smoke('convert', 'the model in another format, which reads as the same', async () => {
    const out = place('converted.tflite')
    const { exitCode, printed } = await typed(`convert ${MODEL} -o ${out}`)
    expect(exitCode).toBe(0)
    expect(printed).toContain('  in   x: float32 [batch, 16]')
    expect(viewGraph(await readTflite(out)).inputs.map(({ name, shape }) => [name, shape])).toEqual([['x', ['batch', 16]]])
    expect((await typed(`convert ${MODEL} -o ${out}`)).exitCode).toBe(2)
  })

  smoke('distill', 'simpler models, with what they lose, and code of the best', async () => {
    const random = mulberry32(3)
    const attributes = { coefficients: { floats: [1, 2, -1] }, intercepts: { floats: [0.5] }, targets: 1 }
    const sum = model({
      nodes: [node({ opType: 'LinearRegressor', domain: 'ai.onnx.ml' }, ['X'], ['y'], attributes)],
      inputs: [valueInfo('X', 'float32', ['rows', 3])],
      outputs: [valueInfo('y', 'float32', ['rows', 1])],
      opsets: { 'ai.onnx.ml': 3 },
    })
    writeFileSync(place('sum.onnx'), writeModel(sum))
    const rows = Array.from({ length: 100 }, () => [1, 2, 3].map(() => random().toFixed(3)).join(','))
    writeFileSync(place('rows.csv'), `a,b,c\n${rows.join('\n')}\n`)
    const [data, out, json] = [place('rows.csv'), place('student'), place('distill.json')]
    const line = `distill ${place('sum.onnx')} --data ${data} --max-loss 0.5 -o ${out} --json ${json} --no-progress`
    let nowMs = 0
    const { exitCode, said } = await typed(line, {
      stages: (own) => ({ distill: (file, options) => own.distill(file, { ...options, lessons: 100, now: () => nowMs++ }) }),
    })
    expect(exitCode, said).toBe(0)
    expect(validDocument(json, 'distill')).toMatchObject({
      schema: 'whyslow-distill/1',
      students: expect.arrayContaining([expect.anything()]),
    })
    const { load } = (await import(place('student/predict.mjs'))) as {
      load: () => Promise<{ predict: (feeds: unknown) => unknown }>
    }
    expect(load).toBeTypeOf('function')
  })
})

describe('machines', () => {
  smoke('machine', 'facts and roofs', async () => {
    const { exitCode, printed } = ended.machine!
    expect(exitCode).toBe(0)
    expect(printed).toContain('CPU           Example CPU')
    expect(validDocument(place('machine.json'), 'machine')).toMatchObject({
      usableCpus: 2,
      roofs: [{ threads: 2, flopsPerSecond: { float32: 1e11 } }],
    })
  })

  smoke('doctor', 'the machine, whether it is quiet, what is installed; its document is what --machine reads', async () => {
    const quiet = { busyShare: 0.02, stolenShare: 0, waitedShare: null, clock: 1 }
    const looking = (busyShare: number) => (own: Stages) => {
      const { doctor } = onTrials(machine())(own)
      return { doctor: (options: object = {}) => doctor!({ ...options, look: async () => ({ ...quiet, busyShare }) }) }
    }
    const { exitCode, printed } = await typed(`doctor --json ${place('doctor.json')}`, { stages: looking(0.02) })
    expect(exitCode).toBe(0)
    expect(printed).toMatch(/^CPU {11}Example CPU\n/)
    expect(printed).toMatch(/^Quiet {9}yes: /m)
    expect(printed).toMatch(/^Engines installed\nort-cpu /m)
    expect(printed).toContain('To get it: npm install it')
    expect(validDocument(place('doctor.json'), 'doctor')).toMatchObject({ usableCpus: 2, others: { disturbance: null } })
    const busy = await typed('doctor', { stages: looking(0.6) })
    expect(inOneLine(busy.printed)).toContain('Quiet no: others took 60 % of its CPUs; close other programs')
  })

  smoke('demo', 'a model is written, explained and fixed, with a line between; nothing is kept unless it is wanted', async () => {
    const { report } = { report: parsed(fixture('reports/cnn.json')) as unknown as Awaited<ReturnType<Stages['why']>>['report'] }
    const files: string[] = []
    const seen = async (file: string) => {
      expect(readFileSync(file).length).toBeLessThan(100_000)
      files.push(file)
      return { report, diagnosis: '', evidence: {} as never }
    }
    const stages = () => ({ why: seen, fix: seen })
    const { exitCode, printed } = await typed('demo --no-progress', { stages })
    expect(exitCode).toBe(0)
    expect(printed).toMatch(/^A risk score, made by this command: /)
    expect(inOneLine(printed)).toMatch(/ per prediction.* Next, fix tries remedies.* Yours: whyslow model\.onnx, then/)
    expect(files.filter((file) => existsSync(file))).toEqual([])
    const kept = await typed(`demo --no-progress -o ${place('demo')}`, { stages })
    expect(kept.printed).toContain(`Kept: ${place('demo/demo.onnx')}`)
    expect(existsSync(place('demo/demo.onnx'))).toBe(true)
    writeFileSync(place('demo/demo.onnx'), 'mine')
    expect((await typed(`demo -o ${place('demo')}`, { stages })).said).toMatch(/demo\.onnx is another file than the demo's/)
  })

  smoke('engines', 'what is installed, and how to get the others', async () => {
    const { exitCode, printed } = await run('engines --json -')
    expect(exitCode).toBe(0)
    const { engines } = validDocument(printed, 'engines') as { engines: { id: string; here: boolean; fix: string | null }[] }
    expect(engines.filter(({ here }) => here).map(({ id }) => id)).toEqual(['ort-cpu'])
    expect(engines.find(({ id }) => id === 'ort-cuda')!.fix).toBe('npm install it')
  })

  smoke('foretell', 'the time on a machine with half the roofs', async () => {
    const there = parsed(place('doctor.json')) as { roofs: { flopsPerSecond: { float32: number }; bytesPerSecond: object }[] }
    const [roofs] = there.roofs
    const half = { ...roofs!, flopsPerSecond: { float32: 5e10 }, bytesPerSecond: { DRAM: 5e9 } }
    writeFileSync(place('there.json'), JSON.stringify({ ...there, cpu: 'Slower CPU', roofs: [half] }))
    const { exitCode, printed, said } = await run(`fleet estimate ${MODEL} --machine ${place('there.json')} --no-cache --json -`)
    expect(exitCode, said).toBe(0)
    expect(validDocument(printed, 'foretold')).toMatchObject({
      here: { p50Ms: 3 },
      there: { basis: 'estimated' },
      to: { cpu: 'Slower CPU' },
    })
  })

  smoke('fleet', 'models by batches, each measured', async () => {
    const { exitCode, printed } = ended.fleet!
    expect(exitCode).toBe(0)
    expect(printed).toMatch(/^symbolic-batch\.onnx +ort-cpu +1 +3\.00 ms/m)
    // Two models at two sizes.
    expect((validDocument(place('fleet.json'), 'study') as { reports: unknown[] }).reports).toHaveLength(4)
  })

  smoke('study', 'reports that were kept, as one table', async () => {
    const line = `study ${place('why.json')} ${place('fleet.json')} --csv ${place('study.csv')} --json ${place('study.json')}`
    const { exitCode } = await typed(line)
    expect(exitCode).toBe(0)
    const { machines } = validDocument(place('study.json'), 'study') as { machines: unknown[] }
    expect(machines).toHaveLength(1)
    expect(readFileSync(place('study.csv'), 'utf8')).toMatch(/symbolic-batch\.onnx/)
  })

  smoke('agent', 'says that it needs a queue', async () => {
    vi.stubEnv('WHYSLOW_QUEUE', '')
    const { exitCode, said } = await typed('agent')
    expect({ exitCode, said }).toEqual({ exitCode: 2, said: expect.stringMatching(/^whyslow: fleet worker needs a queue: /) })
  })
})

describe('code', () => {
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
})

describe('servers', () => {
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
    const answer = await fetch(`${at}/infer`, { method: 'POST', body: JSON.stringify({ inputs }) })
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

  smoke('completion', 'prints a script for the shell that is named', async () => {
    const { exitCode, printed } = await typed('completion bash')
    expect([exitCode, printed]).toEqual([0, expect.stringContaining('complete -o default -F _whyslow whyslow')])
    expect(await typed('completion tcsh')).toMatchObject({ exitCode: 2, printed: '' })
  })
})

// What it answers to a client is in mcp/mcp.process.test.ts: it speaks on the standard output of its process.
smoke('mcp', 'refuses a folder that does not exist', async () => {
  expect(await typed(`mcp --root ${place('gone')}`)).toEqual({
    exitCode: 2,
    printed: '',
    said: `whyslow: --root ${place('gone')}: no such folder; give a folder that exists\n`,
  })
})

describe('the command line itself', () => {
  test.each([
    ['nothing', [], /^ {2}whyslow model\.onnx /],
    ['an unknown option', ['fix', MODEL, '--bogus'], /^whyslow: unknown option '--bogus'; see whyslow fix --help\n$/],
    [
      'a missing argument',
      ['compare'],
      /^whyslow: missing required argument 'models'; as in: whyslow compare model\.onnx; see whyslow compare --help\n$/,
    ],
    ['a file that does not exist', ['no-such.onnx'], /^whyslow: no-such\.onnx: no such file/],
  ])('%s is exit code 2 and one message', async (_, argv, message) => {
    expect(await typed(argv)).toEqual({ exitCode: 2, printed: '', said: expect.stringMatching(message) })
  })

  test('every command has a smoke test', () => {
    expect(Object.keys(flags).filter((name) => !tested.has(name))).toEqual([])
    expect(tested).toContain('why')
  })
})
