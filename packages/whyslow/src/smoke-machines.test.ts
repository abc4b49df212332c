// Commands about machines, and about many of them (smoke.test.ts).
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { MODEL } from '@whyslow/command/support/example-trials.ts'
import { expect, vi } from 'vitest'
import { onTrials, parsed, typed, validDocument } from '../test/support/example-command-line.ts'
import { fixture, inOneLine, machine, run, smoke, smokeFolder } from '../test/support/example-smoke.ts'
import type { Stages } from './stages.ts'

const { place, ended } = smokeFolder('why', 'machine', 'fleet')

smoke('machine', 'facts and roofs', async () => {
  const { exitCode, printed } = ended.machine
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
  const { exitCode, printed } = ended.fleet
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
