// Lint through the command line: what is true of every answer, whatever the machine. That --repair undoes a fault is in packages/whyslow/src/planted.test.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeModel } from '@whyslow/graph/build.ts'
import { convGroup } from '@whyslow/measure/support/engines/onnxruntime/int8/example-groups.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { fixture, folders, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const planted = join(where.root, 'bias-scale.onnx')
writeFileSync(planted, writeModel(convGroup({ bias: 'scale-off' })))

describe('lint', () => {
  test('a group that did not fuse is named with its condition, its times and its remedy', async () => {
    const { status, stdout } = await whyslow(where, 'lint', planted, '--duration', '200ms', '--json', '-')
    expect(status).toBe(0)
    const found = JSON.parse(stdout) as LintDocument
    expect(found.schema).toBe('whyslow-lint/1')
    expect(found.unfused).toMatchObject([{ node: 'conv', condition: 'bias-scale', mend: 'group-requantization' }])
    const [{ operatorMs, conversions }] = found.unfused as [LintDocument['unfused'][number]]
    expect(conversions).toHaveLength(4)
    expect(operatorMs).toBeGreaterThan(0)
    expect(found.measured!.syntheticInputs).toEqual(['x'])
    expect(where.left()).toEqual([])
  })

  test('a model that is not quantized is answered in a line', async () => {
    const { status, stdout, stderr } = await whyslow(where, 'lint', fixture('lstm'))
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/lstm\.onnx is not quantized: /)
  })

  test('--repair refuses to write over the model, before anything is measured', async () => {
    const { status, stderr } = await whyslow(where, 'lint', planted, '--repair', '-o', planted)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^whyslow: -o .*: this is the model that is read; give another name\n$/)
  })
})
