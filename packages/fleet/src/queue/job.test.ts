import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkJob, type FleetJob, JOB_LIFE_MS, makeJob, putBackOnce, type Signer, type UnsignedJob } from './job.ts'
import { MOST_SKEW_MS } from './signature.ts'

const hash = 'ab'.repeat(32)
const unsigned: UnsignedJob = {
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
  issuedAt: '2026-01-01T00:00:00.000Z',
}
const issuedMs = Date.parse(unsigned.issuedAt)
const check = (value: unknown, signer: Signer | null, nowMs = issuedMs) => checkJob(value, signer, nowMs)
const key = { key: 'a key of the fleet', machine: 'x64-avx2-2c' }

describe('a job', () => {
  test('is taken with its signature, whatever the order of its fields', () => {
    const job = makeJob(unsigned, key)
    const turned = Object.fromEntries(Object.entries(job).reverse())
    expect([check(job, key), check(turned, key)]).toMatchObject([{ ok: true }, { ok: true }])
    expect(check(putBackOnce(job, key), key)).toMatchObject({ ok: true, job: { putBacks: 1 } })
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
    expect(check(job, key)).toEqual({ ok: false, reason: "its signature is not the fleet key's for this machine" })
  })

  test('is taken for seven days, with clocks that differ by ten minutes', () => {
    const job = makeJob(unsigned, key)
    const at = (nowMs: number) => check(job, key, nowMs).ok
    expect([JOB_LIFE_MS, MOST_SKEW_MS]).toEqual([7 * 86_400_000, 600_000])
    expect([issuedMs - MOST_SKEW_MS, issuedMs + JOB_LIFE_MS + MOST_SKEW_MS].map(at)).toEqual([true, true])
    expect(check(job, key, issuedMs - MOST_SKEW_MS - 1)).toEqual({
      ok: false,
      reason: 'it was issued 10 minutes in the future: the clocks of the two machines may differ; set them by NTP',
    })
    expect(check(job, key, issuedMs + JOB_LIFE_MS + MOST_SKEW_MS + 1)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^it was issued 7 days ago, and is taken for 7 days: /),
    })
  })

  test.each([
    ['made young again', { issuedAt: '2026-02-01T00:00:00.000Z' }],
    ['whose time is none', { issuedAt: 'soon' }],
  ])('%s is refused', (_, changed) => {
    expect(check({ ...makeJob(unsigned, key), ...changed }, key).ok).toBe(false)
    expect(check({ ...makeJob({ ...unsigned, ...changed }, null) }, null)).toMatchObject({ ok: false })
  })

  const file = unsigned.model[0]!
  test.each<[string, Partial<UnsignedJob>]>([
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
    expect(check(makeJob({ ...unsigned, ...changed }, key), key).ok).toBe(false)
  })

  test.each([
    ['another kind', { kind: 'shell' }],
    ['a command', { command: 'rm' }],
    ['a path of an interpreter', { python: '/tmp/python' }],
    ['a folder to write to', { saveInputs: '/tmp' }],
    ['a configuration entry', { configEntries: { 'session.load_custom_ops': '/tmp/ops.so' } }],
    ['a file with a path', { model: [{ ...unsigned.model[0]!, path: '/tmp/a.onnx' }] }],
    ['a version that is not known', { schema: 'whyslow-job/1' }],
  ])('%s is refused', (_, changed) => {
    expect(check({ ...makeJob(unsigned, null), ...changed }, null)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/not a job of version 2/),
    })
  })

  test('whatever lies in the queue, checking throws nothing', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(makeJob(unsigned, key))), (value, field) => {
        expect(check(value, key).ok).toBe(false)
        const job = { ...makeJob(unsigned, key), [field]: value } as FleetJob
        expect(typeof check(job, null).ok).toBe('boolean')
      }),
    )
  })
})
