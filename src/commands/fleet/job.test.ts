import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkJob, type FleetJob, makeJob, putBackOnce, type Unsigned } from './job.ts'

const hash = 'ab'.repeat(32)
const unsigned: Unsigned = {
  model: [{ name: 'a.onnx', sha256: hash, sizeBytes: 3 }],
  data: [],
  engine: 'ort-cpu',
  batch: null,
  threads: 2,
  seconds: null,
  quick: true,
  labels: null,
  shapes: { x: [1, 3] },
  values: {},
  run: 'one',
}
const key = { key: 'a key of the fleet', machine: 'x64-avx2-2c' }

describe('a job', () => {
  test('is taken with its signature, whatever the order of its fields', () => {
    const job = makeJob(unsigned, key)
    const turned = Object.fromEntries(Object.entries(job).reverse())
    expect([checkJob(job, key), checkJob(turned, key)]).toMatchObject([{ ok: true }, { ok: true }])
    expect(checkJob(putBackOnce(job, key), key)).toMatchObject({ ok: true, job: { putBacks: 1 } })
  })

  test('is the same trial for the same content, and another in another run', () => {
    expect(makeJob(unsigned, null).trial).toBe(makeJob({ ...unsigned }, key).trial)
    expect(makeJob({ ...unsigned, run: 'two' }, null).trial).not.toBe(makeJob(unsigned, null).trial)
    expect(makeJob(unsigned, null).trial).toMatch(/^t[0-9a-f]{40}$/)
  })

  test.each([
    ['without a signature', makeJob(unsigned, null)],
    ["with another key's", makeJob(unsigned, { ...key, key: 'another key' })],
    ['for other machines', makeJob(unsigned, { ...key, machine: 'x64-avx2-4c' })],
    ['said to have been put back', { ...makeJob(unsigned, key), putBacks: 3 }],
    ['changed after it was signed', { ...makeJob(unsigned, key), engine: 'other' }],
    ['with a signature of another length', { ...makeJob(unsigned, key), signature: 'ab' }],
  ])('%s is refused', (_, job) => {
    expect(checkJob(job, key)).toEqual({ ok: false, reason: "its signature is not the fleet key's for this machine" })
  })

  const file = unsigned.model[0]!
  test.each<[string, Partial<Unsigned>]>([
    ['a name that leads elsewhere', { model: [{ ...file, name: '../a.onnx' }] }],
    ['one of another system', { model: [{ ...file, name: 'c:\\a.onnx' }] }],
    ['no name', { data: [{ ...file, name: '..' }] }],
    ['a hash that is a path', { model: [{ ...file, sha256: '/etc/passwd' }] }],
    ['a size that lies', { model: [{ ...file, sizeBytes: -1 }] }],
    ['no model', { model: [] }],
    ['two files of one name', { model: [file, file] }],
    ['two of data of one name', { data: [file, { ...file, sha256: 'cd'.repeat(32) }].map((one) => ({ ...one, name: 'd.npz' })) }],
    ['names that differ by case', { data: [{ ...file, name: 'A.ONNX' }] }],
    ['a shape of more than there is', { shapes: { x: [2 ** 40] } }],
    ['an endless measurement', { seconds: 1e9 }],
  ])('%s is refused, signed or not', (_, changed) => {
    expect(checkJob(makeJob({ ...unsigned, ...changed }, key), key).ok).toBe(false)
  })

  test.each([
    ['another kind', { kind: 'shell' }],
    ['a field more', { command: 'rm' }],
    ['a version that is not known', { schema: 'whyslow-job/2' }],
  ])('%s is refused', (_, changed) => {
    expect(checkJob({ ...makeJob(unsigned, null), ...changed }, null)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/no job of version 1/),
    })
  })

  test('whatever lies in the queue, checking throws nothing', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(makeJob(unsigned, key))), (value, field) => {
        expect(checkJob(value, key).ok).toBe(false)
        const job = { ...makeJob(unsigned, key), [field]: value } as FleetJob
        expect(typeof checkJob(job, null).ok).toBe('boolean')
      }),
    )
  })
})
