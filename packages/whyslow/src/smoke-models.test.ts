// Commands that measure, change and compare models (smoke.test.ts). What fix, quantize and lint change is in planted.test.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type MachineScript, MODEL, profileOf } from '@whyslow/command/support/example-trials.ts'
import { readTflite } from '@whyslow/formats/tflite.ts'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect } from 'vitest'
import { parsed, typed, validDocument } from '../test/support/example-command-line.ts'
import { fixture, inOneLine, run, smoke, smokeFolder } from '../test/support/example-smoke.ts'

const { place, other, ended } = smokeFolder('why')

smoke('why', 'the time, where it goes and what would save most; report, evidence and history are kept', async () => {
  const { exitCode, printed } = ended.why
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
  const line = `compare ${MODEL} ${other} --no-cache --json ${place('compare.json')}`
  const { exitCode, printed } = await run(line, { latency: ({ modelFile }) => (modelFile === other ? 1.5 : 3) })
  expect(exitCode).toBe(0)
  // 3 ms over 1.5 ms.
  expect(inOneLine(printed)).toContain('symbolic-batch.onnx takes 2.0× as long.')
  expect(validDocument(place('compare.json'), 'comparison')).toMatchObject({
    ranking: [
      { id: other, place: 1 },
      { id: MODEL, place: 2 },
    ],
  })
})

smoke('check', 'exit code 3 with the ratio if the model is slower, 0 if it is not', async () => {
  const latency: MachineScript['latency'] = ({ modelFile }) => (modelFile === other ? 4.5 : 3)
  const slower = await run(`check ${other} --baseline ${MODEL} --no-cache`, { latency })
  // 4.5 ms over 3 ms.
  expect(slower).toMatchObject({
    exitCode: 3,
    said: expect.stringMatching(/^whyslow: --fail-above 1\.1: other\.onnx takes 1\.50×/),
  })
  const faster = await run(`check ${MODEL} --baseline ${other} --no-cache --json -`, { latency })
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
