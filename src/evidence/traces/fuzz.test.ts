// Whatever a file holds, reading it ends with a recording whose facts can be worked out, or with an InputError of one line.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { factsOf } from '../../analyze/traces/facts-of.ts'
import { InputError } from '../../graph/input-error.ts'
import { sourceOf } from './check-reader.ts'
import { example } from './example-kineto.ts'
import { marshalled } from './example-marshal.ts'
import { pprofOf } from './example-pprof.ts'
import { line, plane, space } from './example-xspace.ts'
import { readSource } from './index.ts'

const frames = [{ name: 'a', file: 'a.py', line: 1 }, { name: 'b' }]
const SEEDS: Readonly<Record<string, Buffer>> = {
  kineto: Buffer.from(JSON.stringify(example())),
  chrome: Buffer.from('[{"ph":"B","name":"a","ts":0,"pid":1,"tid":1},{"ph":"E","ts":5,"pid":1,"tid":1}]'),
  speedscope: Buffer.from(
    JSON.stringify({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      shared: { frames },
      profiles: [{ type: 'sampled', unit: 'seconds', samples: [[0, 1]], weights: [2] }],
    }),
  ),
  collapsed: Buffer.from('a (x.py:1);b 3\nc 4\na;d 5\n'),
  cprofile: marshalled([
    [
      ['a.py', 1, 'f'],
      [1, 1, 0.5, 0.5],
    ],
    [
      ['~', 0, '<x>'],
      [1, 1, 0.5, 0.5],
    ],
  ]),
  cpuprofile: Buffer.from(
    '{"nodes":[{"id":1,"callFrame":{"functionName":"a","url":"","lineNumber":1},"children":[2]},{"id":2,"callFrame":{"functionName":"b"}}],"samples":[1,2],"timeDeltas":[1,2]}',
  ),
  pyinstrument: Buffer.from(
    '{"sample_count":3,"root_frame":{"function":"a","file_path":"a.py","line_no":1,"time":2,"children":[]}}',
  ),
  scalene: Buffer.from(
    '{"elapsed_time_sec":2,"files":{"a.py":{"lines":[{"lineno":1,"line":"x","n_cpu_percent_python":5,"n_cpu_percent_c":1,"n_sys_percent":0}]}}}',
  ),
  xplane: space([
    plane('/device:GPU:0', {
      lines: [line('Stream #1', 5n, [[1, 2, 3_000_000]])],
      events: { 1: 'k' },
      numbers: { core_count: 3 },
    }),
  ]),
  pprof: pprofOf({ types: [['cpu', 'nanoseconds']], samples: [{ stack: [['a'], ['b']], values: [5] }] }),
  openvino: Buffer.from('layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms);\na;EXECUTED;Conv;jit;1.0;1.0;\n'),
  tflite: Buffer.from(
    'node type, start, first, avg_ms, %, cdf%, mem KB, times called, name\nCONV, 0, 0, 1.0, 1%, 1%, 0, 1, [a]:0\n',
  ),
  ncu: Buffer.from('"ID","Kernel Name","gpu__time_duration.sum"\n"","","ns"\n"0","k","5"\n'),
  rocprof: Buffer.from('"Kernel_Name","Start_Timestamp","End_Timestamp"\n"k",5,9\n'),
}

/** Ends in one of the two ways. */
async function endsWell(bytes: Buffer): Promise<void> {
  try {
    const facts = factsOf(await readSource(sourceOf(bytes)), { calls: true })
    expect(facts.window.lengthMs).toBeGreaterThanOrEqual(0)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    expect(error.message).not.toMatch(/\n/)
  }
}

const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'drop', 'repeat'))

test.each(Object.entries(SEEDS))('%s, damaged anywhere', async (_, seed) => {
  await endsWell(seed)
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      let bytes = Buffer.from(seed)
      for (const [place, value, how] of changes) {
        const at = place % Math.max(1, bytes.length)
        if (how === 'set') bytes[at] = value
        else if (how === 'cut') bytes = bytes.subarray(0, at)
        else if (how === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 8))])
        else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - value), at), bytes.subarray(at)])
      }
      await endsWell(bytes)
    }),
    { numRuns: 40 },
  )
})

test.each(Object.entries(SEEDS))('%s, a few bytes of it', async (_, seed) => {
  for (let from = 0; from < Math.min(12, seed.length); from++)
    for (let length = 0; length < 12; length++) await endsWell(seed.subarray(from, from + length))
})

test('numbers that are none', async () => {
  for (const value of ['1e999', '-1e999', 'null', '"x"', '{}', '[]', '1e', '-', '99999999999999999999999999', 'NaN', 'true'])
    for (const key of ['ts', 'dur', 'pid', 'tid', 'name', 'args', 'ph'])
      await endsWell(
        Buffer.from(
          `{"schemaVersion":1,"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":1,"pid":1,"tid":1,"args":{},"${key}":${value}},{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":1,"pid":1,"tid":1}]}`,
        ),
      )
})
