// Lint through the command line: what is true of every answer, whatever the machine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { convGroup } from '../../src/engines/onnxruntime/int8/example-groups.ts'
import { readModel } from '../../src/formats/index.ts'
import { writeModel } from '../../src/graph/build.ts'
import { viewGraph } from '../../src/graph/view.ts'
import type { LintDocument } from '../../src/report/documents/lint.ts'
import { fixture, folders, onlyFull, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())

const planted = join(where.root, 'bias-scale.onnx')
writeFileSync(planted, writeModel(convGroup({ bias: 'scale-off' })))

describe('lint', () => {
  test('a group that did not fuse is named with its condition, its times and its remedy', async () => {
    const { status, stdout } = await whyslow(where, 'lint', planted, '--seconds', '200ms', '--json', '-')
    expect(status).toBe(0)
    const found = JSON.parse(stdout) as LintDocument
    expect(found.schema).toBe('whyslow-lint/1')
    expect(found.unfused).toMatchObject([{ node: 'conv', condition: 'bias-scale', mend: 'group-requantization' }])
    const [{ conversionsMs, operatorMs, conversions }] = found.unfused as [LintDocument['unfused'][number]]
    expect(conversions).toHaveLength(4)
    expect(conversionsMs).toBeGreaterThanOrEqual(0)
    expect(operatorMs).toBeGreaterThanOrEqual(0)
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

describe('lint --repair', () => {
  test('writes a model without the fault, or nothing', async (context) => {
    onlyFull(context, 'tries repairs for 20 s')
    const repaired = join(where.root, 'repaired.onnx')
    const { status, stdout } = await whyslow(where, 'lint', planted, '--repair', '-o', repaired, '--budget', '20s', '--json', '-')
    expect(status).toBe(0)
    const { repair } = JSON.parse(stdout) as LintDocument
    expect(repair!.trials.map(({ remedies }) => remedies[0])).toContain('group-requantization')
    expect(existsSync(repaired)).toBe(repair!.proven)
    expect(repair!.out).toBe(repair!.proven ? repaired : null)
    if (!repair!.proven) return
    expect(repair!.changes).toEqual(['1 bias requantized to the scale of the product'])
    // 0.05, the input's scale, times the weights' of 0.005, 0.006, …
    const { constants } = viewGraph(await readModel(repaired))
    const [scales] = Object.values(constants).filter(({ name }) => /bias_scale/.test(name))
    expect(scales!.values![1]).toBeCloseTo(0.05 * 0.006, 8)
    expect(readFileSync(planted)).toEqual(Buffer.from(writeModel(convGroup({ bias: 'scale-off' }))))
  })
})
