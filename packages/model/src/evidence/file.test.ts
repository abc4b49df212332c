// Evidence that was recorded is read, and one line says what is wrong with what is damaged.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { faultInEvidence, revive } from './file.ts'

type Json = Record<string, unknown>
const golden = join(import.meta.dirname, '../../../../fixtures/golden')
const recorded = readdirSync(golden).filter((name) => name.endsWith('.evidence.json.gz'))
const evidence = (name: string): Json => JSON.parse(gunzipSync(readFileSync(join(golden, name))).toString(), revive)
const linear = () => evidence('linear.evidence.json.gz')

describe('evidence', () => {
  test.each(recorded)('%s is read', (name) => expect(faultInEvidence(evidence(name))).toBeUndefined())

  test('what it may lack is read: what was not measured, and what versions before did not tell', () => {
    const { schema, toolVersion, createdAt, machine, absent, warnings, engine } = linear()
    const { deviceKind: _, ...before } = engine as Json
    const least = { schema, toolVersion, createdAt, machine, absent, warnings }
    expect(faultInEvidence(least)).toBeUndefined()
    expect(faultInEvidence({ ...least, engine: before, added: { later: 1 } })).toBeUndefined()
  })

  test.each([
    [{ machine: undefined }, 'machine is missing'],
    [{ warnings: 'none' }, 'warnings is not of type array'],
    [{ latency: { ...(linear().latency as Json), p50Ms: '3' } }, 'latency.p50Ms is not of type number'],
    [{ memory: { ...(linear().memory as Json), loadPeakBytes: '3' } }, 'memory.loadPeakBytes is not of type number or null'],
    [{ latency: { ...(linear().latency as Json), trust: 'E' } }, 'latency.trust is none of A, B, C, D'],
    [{ graph: { ...(linear().graph as Json), nodes: [{}] } }, 'graph.nodes.0.name is missing'],
    [{ device: 3 }, 'device is not of type object'],
    [{ given: [{ flag: '--shape' }] }, 'given.0.value is missing'],
    [{ otherEngines: {} }, 'otherEngines is not of type array'],
    [{ threadSweep: { ...(linear().threadSweep as Json), fit: 'none' } }, 'threadSweep.fit is not of type object'],
    [{ absent: { 'a/b': 1 } }, 'absent.a/b is not of type string'],
  ])('%j: %s', (wrong, words) => {
    expect(faultInEvidence({ ...linear(), ...wrong })).toBe(words)
  })

  test('[] is no evidence', () => expect(faultInEvidence([])).toBe('it is not of type object'))
})
