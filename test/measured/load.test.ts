// A model under load through the command line: the server that is started for it, what its latencies are made of, and its end.

import { descendantsOf } from '@whyslow/measure/processes/end-process.ts'
import type { LoadDocument, LoadPartMeans } from '@whyslow/report/documents/load.ts'
import { describe, expect, test } from 'vitest'
import { startServe } from '../support/serve.ts'
import { fixture, onlyFull, ownFolders, refuses, start, whyslow } from './command.ts'

const PARTS = ['network and HTTP', 'upload', 'parse', 'queue', 'hand-over', 'compute', 'serialize']
const sum = ({ partsMs }: LoadPartMeans) => partsMs.reduce((total, part) => total + part, 0)

describe.concurrent('a model', () => {
  test('is served in a process of its own, and the parts of its latency add up', async (context) => {
    const where = ownFolders(context)
    const { status, stdout, stderr } = await whyslow(
      where,
      ...[
        'load',
        fixture('lstm'),
        '--rate',
        '100',
        '--duration',
        '1',
        '--workers',
        '1',
        '--queue-size',
        '1000',
        '--no-progress',
        '--json',
        '-',
      ],
    )
    expect([status, stderr]).toEqual([0, ''])
    const { target, setup, points, warnings, audit } = JSON.parse(stdout) as LoadDocument
    expect(target).toMatchObject({ kind: 'model', protocol: 'oip', inputs: { source: 'synthetic', binary: true } })
    expect(setup).toMatchObject({ engine: 'ort-cpu', workers: 1, queueLimit: 1000 })
    const [{ requests, errors, parts }] = points as [LoadDocument['points'][number]]
    expect([requests, errors]).toEqual([100, 0])
    expect(parts!.names).toEqual(expect.arrayContaining(PARTS))
    expect(new Set(parts!.basis)).toEqual(new Set(['measured']))
    for (const group of [parts!.all, parts!.slowest, parts!.typical]) expect(sum(group)).toBeCloseTo(group.latencyMs, 3)
    const computeMs = parts!.all.partsMs[parts!.names.indexOf('compute')]!
    expect(computeMs).toBeGreaterThan(0)
    expect(audit.answers).toMatchObject({ different: 0, notCompared: 0, why: null })
    expect(audit.answers!.compared).toBeGreaterThan(0)
    expect(warnings[0]).toMatch(/^inputs are (synthetic|representative)/)
    expect(where.left()).toEqual([])
  })

  test('what does not open is refused in its own words', async () => {
    await refuses(['load', 'package.json', '--rate', '3'], /package\.json/)
    await refuses(['load', fixture('lstm'), '--rate', '3', '--engine', 'none'], /--engine none: no such engine/)
  })

  test('Ctrl-C ends the server, too', async (context) => {
    const where = ownFolders(context)
    const { child, ended } = start(where, ['load', fixture('lstm'), '--rate', '50', '--duration', '60', '--no-progress'])
    let started: number[] = []
    // The process of the command, and the server.
    while (started.length < 2 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      started = descendantsOf(child.pid!)
    }
    child.kill('SIGINT')
    expect((await ended).status).toBe(130)
    for (const pid of started) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    expect(where.left()).toEqual([])
  })

  test('requests for a server of the Open Inference Protocol are made of its metadata', async (context) => {
    onlyFull(context, 'another server')
    const where = ownFolders(context)
    const { address, end } = await startServe(where, fixture('lstm'), '--workers', '1', '--name', 'm')
    try {
      const { status, stdout } = await whyslow(
        where,
        ...[
          'load',
          `${address}/v2/models/m`,
          '--protocol',
          'oip',
          '--rate',
          '50',
          '--duration',
          '1',
          '--no-progress',
          '--json',
          '-',
        ],
      )
      expect(status).toBe(0)
      const { target, setup, points } = JSON.parse(stdout) as LoadDocument
      expect(target).toMatchObject({ kind: 'http', protocol: 'oip', inputs: { binary: true, tensors: [{ datatype: 'FP32' }] } })
      expect(setup).toBe(null)
      expect(points[0]!.errors).toBe(0)
      expect(points[0]!.parts!.names).toContain('server: queue')
    } finally {
      expect(await end()).toBe(0)
    }
  })

  test('a server joins requests of a model whose rows do not know of each other, and refuses one of a model whose rows do', async (context) => {
    onlyFull(context, 'another server')
    const where = ownFolders(context)
    const asked = ['--rate', '3', '--duration', '1', '--max-batch', '8', '--no-progress']
    await refuses(['load', fixture('lstm'), ...asked], /--max-batch 8: lstm: .*; leave it out/)
    const rows = fixture('symbolic-batch')
    const load = [
      'load',
      rows,
      '--concurrency',
      '16',
      '--duration',
      '1',
      '--workers',
      '1',
      '--max-batch',
      '8',
      '--batch-delay',
      '2ms',
      '--no-progress',
      '--json',
      '-',
    ]
    const { status, stdout } = await whyslow(where, ...load)
    expect(status).toBe(0)
    const { setup, points } = JSON.parse(stdout) as LoadDocument
    expect([setup!.maxBatch, points[0]!.errors]).toEqual([8, 0])
    const { names } = points[0]!.parts!
    expect(names.slice(names.indexOf('queue'))).toEqual(['queue', 'batch-wait', 'hand-over', 'compute', 'serialize', 'receive'])
  })
})
